// read-exports FORMAT FILE: reads an image list as the tool FORMAT would. It ends with exit code 1 at the first thing that
// the tool could not read.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"regexp"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	"sigs.k8s.io/yaml"
)

// The keys that an export uses, as the documentation of each tool names them.
type hauler struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Images []struct {
			Name    string `json:"name"`
			Rewrite string `json:"rewrite"`
		} `json:"images"`
	} `json:"spec"`
}

type zarf struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"metadata"`
	Components []struct {
		Name     string   `json:"name"`
		Required bool     `json:"required"`
		Images   []string `json:"images"`
	} `json:"components"`
}

type imageset struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Mirror     struct {
		AdditionalImages []struct {
			Name       string `json:"name"`
			TargetRepo string `json:"targetRepo"`
			TargetTag  string `json:"targetTag"`
		} `json:"additionalImages"`
	} `json:"mirror"`
}

func main() {
	format, file := os.Args[1], os.Args[2]
	text, err := os.ReadFile(file)
	must(err)
	count := 0
	switch format {
	case "images.txt":
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); count++ {
			canonical(lines.Text())
			containerRegistry(lines.Text())
		}
	case "hauler":
		var manifest hauler
		must(yaml.UnmarshalStrict(text, &manifest))
		for _, image := range manifest.Spec.Images {
			containerRegistry(image.Name)
			tag, err := name.NewTag(image.Rewrite, name.StrictValidation)
			must(err)
			if tag.Name() != image.Rewrite {
				must(fmt.Errorf("hauler reads %s as %s", image.Rewrite, tag.Name()))
			}
			count++
		}
	case "zarf":
		var definition zarf
		must(yaml.UnmarshalStrict(text, &definition))
		for _, component := range definition.Components {
			for _, image := range component.Images {
				canonical(image)
				count++
			}
		}
	case "imageset":
		var set imageset
		must(yaml.UnmarshalStrict(text, &set))
		tag := regexp.MustCompile(`^` + reference.TagRegexp.String() + `$`)
		for _, image := range set.Mirror.AdditionalImages {
			canonical(image.Name)
			_, err := reference.ParseNamed("registry.example/" + image.TargetRepo)
			must(err)
			if !tag.MatchString(image.TargetTag) {
				must(fmt.Errorf("%q is not a tag", image.TargetTag))
			}
			count++
		}
	default:
		must(fmt.Errorf("unknown format %q", format))
	}
	if count == 0 {
		must(fmt.Errorf("%s has no image", file))
	}
	fmt.Printf("%s: %d images\n", format, count)
}

// canonical fails unless the name is read as it is written, by the library of docker, Zarf and oc-mirror.
func canonical(image string) {
	named, err := reference.ParseNamed(image)
	must(err)
	if named.String() != image {
		must(fmt.Errorf("%s is read as %s", image, named))
	}
}

// containerRegistry fails unless go-containerregistry, which hauler uses, finds the same digest or tag.
func containerRegistry(image string) {
	_, err := name.ParseReference(image, name.StrictValidation)
	must(err)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
