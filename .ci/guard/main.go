// Evaluates the admission policy that ess-airgap emits with the admission plugin of the Kubernetes API server: its CEL
// compiler, its cost limits, its look-up of the parameter. Reads the synthesised objects as a JSON list from standard
// input: the policy, its binding, and the parameter ConfigMap.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/warning"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
)

const foreign = "docker.io/library/busybox:1"

type cluster struct {
	policy    *admissionregistrationv1.ValidatingAdmissionPolicy
	binding   *admissionregistrationv1.ValidatingAdmissionPolicyBinding
	parameter *corev1.ConfigMap
}

type warnings struct {
	sync.Mutex
	texts []string
}

func (w *warnings) AddWarning(_, text string) {
	w.Lock()
	defer w.Unlock()
	w.texts = append(w.texts, text)
}

var failed, passed int

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	given := read()
	namespace := given.parameter.Namespace
	image := strings.Split(given.parameter.Data["images"], "\n")[0]
	name, digest, _ := strings.Cut(image, "@")
	otherDigest := name + "@sha256:" + strings.Repeat("0", len(digest)-len("sha256:"))

	check := func(what string, c cluster, r request, refusals ...string) {
		if r.namespace == "" {
			r.namespace = namespace
		}
		report(what, c.ask(r), refusals)
	}
	check("a planned image is admitted", given, create(pod(image)))
	check("an upstream image is refused by name", given, create(pod(foreign)), foreign, "guard.allow", "airgap.yaml")
	check("the right repository with another digest is refused", given, create(pod(otherDigest)), otherDigest)
	check("one bad image among several is refused, and it alone is named", given, create(pod(image, foreign)), foreign, "!"+image)
	check("a bad init container is refused", given, create(withInit(pod(image), foreign)), foreign)
	check("a planned init container is admitted", given, create(withInit(pod(image), image)))
	check("kubectl debug with an upstream image is refused", given,
		request{object: withEphemeral(pod(image), foreign), old: pod(image), subresource: "ephemeralcontainers"}, foreign)
	check("kubectl debug with a planned image is admitted", given,
		request{object: withEphemeral(pod(image), image), old: pod(image), subresource: "ephemeralcontainers"})
	check("a pod that was there before can be labelled", given, request{object: labelled(pod(foreign)), old: pod(foreign)})
	check("but not get another image that is not planned", given,
		request{object: pod("quay.io/other/image:1"), old: pod(foreign)}, "quay.io/other/image:1", "!"+foreign)
	check("a pod in another namespace is not looked at", given, request{object: pod(foreign), namespace: "elsewhere"})

	without := given
	without.parameter = nil
	check("without the parameter everything is refused", without, create(pod(image)), "no params found")
	empty := given
	empty.parameter = given.parameter.DeepCopy()
	empty.parameter.Data = nil
	check("with an empty parameter everything is refused", empty, create(pod(image)), "data")

	other := given
	other.parameter = given.parameter.DeepCopy()
	other.parameter.Data["images"] = ""
	other.parameter.Data["previous-images"] = image
	check("an image of the previous release is admitted", other, create(pod(image)))
	other.parameter = other.parameter.DeepCopy()
	other.parameter.Data["previous-images"] = ""
	check("empty lists admit nothing", other, create(pod(image)), image)
	other.parameter = other.parameter.DeepCopy()
	other.parameter.Data["prefixes"] = "quay.io/mesh/\nexample.org/"
	check("an image with an allowed prefix is admitted", other, create(pod("quay.io/mesh/proxy:1")))
	check("a prefix is not looked for elsewhere", other, create(pod("docker.io/quay.io/mesh/proxy:1")), "docker.io/quay.io/mesh/proxy:1")

	large := given
	large.parameter = given.parameter.DeepCopy()
	large.parameter.Data["images"] = images(1000)
	large.parameter.Data["previous-images"] = images(2000)
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("localregistry.local/elementdeployment/some/repository-%04d@sha256:%064d", 999-i, 999-i)
	}
	check("1,000 images and as many of the previous release: a pod of 20 containers is within the cost limits", large, create(pod(many...)))
	check("and is refused with the image named", large, create(pod(append(many, foreign)...)), foreign)

	audit := given
	audit.binding = given.binding.DeepCopy()
	audit.binding.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{"Warn", "Audit"}
	got := audit.ask(request{object: pod(foreign), namespace: namespace})
	if got.err != nil || !strings.Contains(strings.Join(got.warnings, " "), foreign) {
		failure("mode audit admits with a warning", fmt.Sprint(got))
	} else {
		passed++
	}

	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func images(count int) string {
	lines := make([]string, count)
	for i := range lines {
		lines[i] = fmt.Sprintf("localregistry.local/elementdeployment/some/repository-%04d@sha256:%064d", i, i)
	}
	return strings.Join(lines, "\n")
}

type answer struct {
	err      error
	warnings []string
}

// refusals are what the message must hold, and with a ! in front what it must not; none: the request is admitted.
func report(what string, got answer, refusals []string) {
	switch {
	case len(refusals) == 0 && got.err == nil:
		passed++
	case len(refusals) == 0:
		failure(what, got.err.Error())
	case got.err == nil:
		failure(what, "it was admitted")
	default:
		for _, part := range refusals {
			wanted, forbidden := strings.CutPrefix(part, "!")
			if strings.Contains(got.err.Error(), wanted) == forbidden {
				failure(what, got.err.Error())
				return
			}
		}
		passed++
	}
}

func failure(what, why string) {
	failed++
	fmt.Printf("FAILED: %s: %s\n", what, why)
}

type request struct {
	object, old *corev1.Pod
	namespace   string
	subresource string
}

func create(object *corev1.Pod) request { return request{object: object} }

// A new API server with these objects, asked once.
func (c cluster) ask(r request) answer {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	objects := []runtime.Object{c.policy, c.binding}
	for _, name := range []string{r.namespace} {
		objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name}}})
	}
	if c.parameter != nil {
		objects = append(objects, c.parameter)
	}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)

	plugin, err := validating.NewPlugin(nil)
	must(err)
	plugin.SetExternalKubeClientSet(client)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(scheme.Scheme))
	plugin.SetRESTMapper(mapper)
	plugin.SetAuthorizer(authorizerfactory.NewAlwaysAllowAuthorizer())
	plugin.SetDrainedNotification(ctx.Done())
	must(plugin.ValidateInitialization())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	operation := admission.Create
	var old runtime.Object
	if r.old != nil {
		operation, old = admission.Update, r.old
	}
	recorder := &warnings{}
	attributes := admission.NewAttributesRecord(r.object, old,
		schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, r.namespace, r.object.Name,
		schema.GroupVersionResource{Version: "v1", Resource: "pods"}, r.subresource, operation, nil, false, nil)
	err = plugin.Validate(warning.WithWarningRecorder(ctx, recorder), attributes, admission.NewObjectInterfacesFromScheme(scheme.Scheme))
	return answer{err: err, warnings: recorder.texts}
}

func pod(images ...string) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "pod"},
		Spec:       corev1.PodSpec{Containers: containers(images)},
	}
}

func containers(images []string) (list []corev1.Container) {
	for i, image := range images {
		list = append(list, corev1.Container{Name: fmt.Sprintf("c%d", i), Image: image})
	}
	return list
}

func withInit(p *corev1.Pod, images ...string) *corev1.Pod {
	p.Spec.InitContainers = containers(images)
	return p
}

func withEphemeral(p *corev1.Pod, image string) *corev1.Pod {
	p.Spec.EphemeralContainers = []corev1.EphemeralContainer{
		{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: image}}}
	return p
}

func labelled(p *corev1.Pod) *corev1.Pod {
	p.Labels = map[string]string{"some": "label"}
	return p
}

func read() (c cluster) {
	var list []json.RawMessage
	must(json.NewDecoder(os.Stdin).Decode(&list))
	for _, raw := range list {
		var kind metav1.TypeMeta
		must(json.Unmarshal(raw, &kind))
		var into any
		switch kind.Kind {
		case "ValidatingAdmissionPolicy":
			c.policy = &admissionregistrationv1.ValidatingAdmissionPolicy{}
			into = c.policy
		case "ValidatingAdmissionPolicyBinding":
			c.binding = &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
			into = c.binding
		case "ConfigMap":
			c.parameter = &corev1.ConfigMap{}
			into = c.parameter
		default:
			continue
		}
		strict := json.NewDecoder(strings.NewReader(string(raw)))
		strict.DisallowUnknownFields()
		must(strict.Decode(into))
	}
	if c.policy == nil || c.binding == nil || c.parameter == nil {
		fmt.Fprintln(os.Stderr, "expected a policy, a binding and a ConfigMap")
		os.Exit(2)
	}
	// Defaults that the API server fills in.
	equivalent := admissionregistrationv1.Equivalent
	everything := &metav1.LabelSelector{}
	constraints := c.policy.Spec.MatchConstraints
	constraints.MatchPolicy, constraints.NamespaceSelector, constraints.ObjectSelector = &equivalent, everything, everything
	c.binding.Spec.MatchResources.MatchPolicy = &equivalent
	c.binding.Spec.MatchResources.ObjectSelector = everything
	return c
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
