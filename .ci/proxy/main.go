// The version of golang.org/x/net is that of Go 1.26's own copy, by which skopeo chooses: later ones prefer the variables
// in small letters.
//
// Prints what Go's httpproxy, which skopeo follows, does with variables, NO_PROXY entries and URLs, as JSON. The test of
// lib/input/proxy.ts compares our module with it.
package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

var urls = []string{
	"https://registry.bank.example", "https://registry.bank.example:5000", "https://registry.bank.example:443",
	"http://registry.bank.example", "http://registry.bank.example:80", "http://registry.bank.example:443",
	"https://bank.example", "https://bank.example:5000", "http://bank.example", "https://notbank.example",
	"https://a.b.bank.example", "https://example", "https://Registry.Bank.Example", "https://bank.example.org",
	"https://localhost", "https://localhost:5000", "http://localhost", "https://x.localhost",
	"http://127.0.0.1", "https://127.9.9.9:5000", "http://[::1]:5000", "https://[::1]",
	"https://10.1.2.3", "https://10.1.2.3:5000", "http://10.1.2.3", "https://11.1.2.3", "https://192.168.0.17",
	"https://[fd00::1]", "https://[fd00::1]:5000", "https://[fe00::1]", "https://[2001:db8::17]",
	"https://[::ffff:10.1.2.3]:5000", "https://bücher.example", "https://registry", "https://registry:5000",
	"https://ghcr.io", "https://docker.io", "https://registry-1.docker.io", "https://auth.docker.io",
}

// Each is one value of NO_PROXY.
var noProxies = []string{
	"", ",", " ", "*", " * ", "*,bank.example", "bank.example,*", "**", "*.", ".", "..", "*bank.example", "a*",
	"bank.example", " bank.example ", "BANK.example", ".bank.example", "*.bank.example", "*.Bank.Example", "..bank.example",
	"bank.example.", "bank.example:443", "bank.example:5000", "bank.example:80", "bank.example:", ".bank.example:5000",
	"*.bank.example:5000", "bank.example:https", ":5000", ":", "other.example,bank.example", "other.example, .bank.example ,",
	"other.example bank.example", "other.example;bank.example", "https://bank.example", "https://registry.bank.example:5000",
	"bank.example/path", "ank.example", "k.example", "example", ".example", "org", "registry", "registry:5000", "localhost",
	"10.1.2.3", "10.1.2.3:5000", "10.1.2.3:443", "10.1.2.3:", "010.1.2.3", "10.1.2", "10.", "10.*", "10.1.2.3.",
	"10.0.0.0/8", "10.1.2.3/8", "10.0.0.0/0", "0.0.0.0/0", "10.0.0.0/32", "10.1.2.3/32", "10.0.0.0/33", "10.0.0.0/99",
	"10.0.0.0/08", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8:5000", "10.0.0.0/255.0.0.0", "192.168.0.0/28", "192.168.0.0/27",
	"::1", "[::1]", "fd00::1", "[fd00::1]", "[fd00::1]:5000", "[fd00::1]:443", "fd00::1:5000", "FD00::1", "fd00::/8",
	"fd00::1/8", "[fd00::]/8", "[fd00::/8]", "::/0", "fd00::/129", "fd00::/128", "2001:db8::/32", "2001:DB8::/32",
	"::ffff:10.1.2.3", "10.0.0.0/8,fd00::/8", "bücher.example", "xn--bcher-kva.example", ".bücher.example",
	"docker.io", ".docker.io", "docker.io:443", "ghcr.io,docker.io", "%", "%zz", "[", "]", "[]", "[]:80", "\t", "bank.example\t", "x\ny",
}

// Variables, and which proxy two URLs get.
var environments = []map[string]string{
	{},
	{"HTTPS_PROXY": "http://secure:3128"},
	{"https_proxy": "http://secure:3128"},
	{"HTTP_PROXY": "http://plain:3128"},
	{"http_proxy": "http://plain:3128"},
	{"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:1"},
	{"HTTP_PROXY": "http://upper:1", "http_proxy": "http://lower:1"},
	{"HTTPS_PROXY": "", "https_proxy": "http://lower:1"},
	{"HTTPS_PROXY": "http://upper:1", "NO_PROXY": "other.example", "no_proxy": "bank.example"},
	{"HTTPS_PROXY": "http://upper:1", "NO_PROXY": "", "no_proxy": "bank.example"},
	{"HTTPS_PROXY": "http://upper:1", "NO_PROXY": "bank.example", "no_proxy": "other.example"},
	{"HTTPS_PROXY": "proxy:3128", "HTTP_PROXY": "proxy"},
	{"HTTPS_PROXY": "https://proxy:3129", "HTTP_PROXY": "https://proxy"},
	{"HTTPS_PROXY": "10.0.0.1:3128", "HTTP_PROXY": "[fd00::2]:3128"},
	{"HTTPS_PROXY": "http://user:fake@proxy:3128/"},
	{"ALL_PROXY": "http://all:1", "all_proxy": "http://all:1"},
	{"Https_Proxy": "http://mixed:1"},
}

type exemption struct {
	NoProxy string `json:"noProxy"`
	// For each URL 1 if it is reached through the proxy.
	Proxied string `json:"proxied"`
}

type choice struct {
	Variables map[string]string `json:"variables"`
	HTTPS     string            `json:"https"`
	HTTP      string            `json:"http"`
}

func main() {
	table := struct {
		URLs         []string    `json:"urls"`
		Exemptions   []exemption `json:"exemptions"`
		Environments []choice    `json:"environments"`
	}{URLs: urls}
	for _, noProxy := range noProxies {
		var row strings.Builder
		for _, text := range urls {
			config := &httpproxy.Config{HTTPProxy: "http://p:1", HTTPSProxy: "http://p:1", NoProxy: noProxy}
			if proxyOf(config, text) == "" {
				row.WriteByte('0')
			} else {
				row.WriteByte('1')
			}
		}
		table.Exemptions = append(table.Exemptions, exemption{noProxy, row.String()})
	}
	for _, variables := range environments {
		for _, pair := range os.Environ() {
			name, _, _ := strings.Cut(pair, "=")
			if strings.HasSuffix(strings.ToLower(name), "_proxy") {
				os.Unsetenv(name)
			}
		}
		for name, value := range variables {
			os.Setenv(name, value)
		}
		config := httpproxy.FromEnvironment()
		table.Environments = append(table.Environments, choice{variables, proxyOf(config, "https://bank.example"), proxyOf(config, "http://bank.example")})
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(table); err != nil {
		panic(err)
	}
}

func proxyOf(config *httpproxy.Config, text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	proxy, err := config.ProxyFunc()(parsed)
	if err != nil {
		panic(err)
	}
	if proxy == nil {
		return ""
	}
	return proxy.String()
}
