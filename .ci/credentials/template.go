// Renders the template of an ExternalSecret as the External Secrets Operator does (Go's text/template with the
// functions of sprig, but for those that read the environment, and missing keys an error) and compares the bytes
// with those that the source env gives. Reads cases as JSON from standard input.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type renderCase struct {
	Template string            `json:"template"`
	Values   map[string]string `json:"values"`
	Expected string            `json:"expected"`
}

func main() {
	var cases []renderCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fail("%v", err)
	}
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	for i, c := range cases {
		parsed, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(c.Template)
		if err != nil {
			fail("case %d: %v", i, err)
		}
		var rendered bytes.Buffer
		if err := parsed.Execute(&rendered, c.Values); err != nil {
			fail("case %d: %v", i, err)
		}
		if rendered.String() != c.Expected {
			fail("case %d:\n%s\nis not\n%s", i, rendered.String(), c.Expected)
		}
	}
	if len(cases) == 0 {
		fail("there are no cases")
	}
	fmt.Printf("%d templates give the bytes of source env\n", len(cases))
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
