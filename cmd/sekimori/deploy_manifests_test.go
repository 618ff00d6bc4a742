package main

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// manifest is what of a Kubernetes object refers to another one.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		ServiceName     string                                     `yaml:"serviceName"`
		Selector        yaml.Node                                  // of a Service labels, else matchLabels
		PodSelector     matchLabels                                `yaml:"podSelector"`
		Ports           []servicePort                              // of a Service
		Template        podTemplate                                // of what has pods
		VolumeClaims    []struct{ Metadata struct{ Name string } } `yaml:"volumeClaimTemplates"`
		Ingress, Egress []struct {
			From, To []struct {
				PodSelector matchLabels `yaml:"podSelector"`
			}
		}
	}
}

type matchLabels struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type servicePort struct {
	Name       string
	Port       int
	TargetPort string `yaml:"targetPort"`
}

type podTemplate struct {
	Metadata struct{ Labels map[string]string }
	Spec     struct {
		Grace  int `yaml:"terminationGracePeriodSeconds"`
		Spread []struct {
			LabelSelector matchLabels `yaml:"labelSelector"`
		} `yaml:"topologySpreadConstraints"`
		Containers []container
		Volumes    []struct {
			Name      string
			ConfigMap struct{ Name string } `yaml:"configMap"`
		}
	}
}

type container struct {
	Name         string
	Args         []string
	Env          []struct{ Name string }
	Ports        []struct{ Name string }
	Readiness    probe `yaml:"readinessProbe"`
	Liveness     probe `yaml:"livenessProbe"`
	VolumeMounts []struct {
		Name        string
		SubPathExpr string `yaml:"subPathExpr"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTP struct{ Port string } `yaml:"httpGet"`
	TCP  struct{ Port string } `yaml:"tcpSocket"`
}

// checkManifests looks that what Kubernetes objects refer to is there, and that a
// pod is given the time that the configuration says it takes to end.
func checkManifests(t *testing.T, text string) {
	t.Helper()
	var all []manifest
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var m manifest
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		all = append(all, m)
	}
	pods, services, configs, ports := 0, map[string]bool{}, map[string]map[string]string{}, map[string]bool{}
	for i := range all {
		switch m := &all[i]; m.Kind {
		case "Service":
			services[m.Metadata.Name] = true
		case "ConfigMap":
			configs[m.Metadata.Name] = m.Data
		}
	}
	// chosen tells whether there are pods that a selector means.
	chosen := func(m *manifest, labels map[string]string) {
		t.Helper()
		for i := range all {
			have := all[i].Spec.Template.Metadata.Labels
			missing := maps.Clone(labels)
			maps.DeleteFunc(missing, func(k, v string) bool { return have[k] == v })
			if len(labels) > 0 && len(missing) == 0 {
				return
			}
		}
		t.Errorf("%s %s: no pods have the labels %v", m.Kind, m.Metadata.Name, labels)
	}
	for i := range all {
		m := &all[i]
		pod := &m.Spec.Template.Spec
		if len(pod.Containers) == 0 {
			continue
		}
		pods++
		if m.Spec.ServiceName != "" && !services[m.Spec.ServiceName] {
			t.Errorf("%s %s: there is no service %s", m.Kind, m.Metadata.Name, m.Spec.ServiceName)
		}
		volumes := map[string]bool{}
		for _, v := range pod.Volumes {
			volumes[v.Name] = true
			if v.ConfigMap.Name == "" {
				continue
			}
			data, ok := configs[v.ConfigMap.Name]
			if !ok {
				t.Errorf("%s %s: there is no configuration %s", m.Kind, m.Metadata.Name, v.ConfigMap.Name)
			}
			for _, c := range pod.Containers {
				if file := c.Args[len(c.Args)-1]; data[filepath.Base(file)] == "" {
					t.Errorf("%s %s: there is no file %s", m.Kind, m.Metadata.Name, file)
				}
			}
			if conf := data["sekimori.toml"]; conf != "" && pod.Containers[0].Args[0] == "serve" {
				file := filepath.Join(t.TempDir(), "c.toml")
				check(t, os.WriteFile(file, []byte(conf), 0o600))
				c, err := loadConfig(file)
				check(t, err)
				if grace := time.Duration(pod.Grace) * time.Second; c.Leave < 5*time.Second || c.Leave+c.Shutdown+3*time.Second > grace {
					t.Errorf("%s %s is killed after %v, but takes %v and %v to end", m.Kind, m.Metadata.Name, grace, c.Leave, c.Shutdown)
				}
			}
		}
		for _, v := range m.Spec.VolumeClaims {
			volumes[v.Metadata.Name] = true
		}
		for _, s := range pod.Spread {
			chosen(m, s.LabelSelector.MatchLabels)
		}
		for _, c := range pod.Containers {
			for _, p := range c.Ports {
				ports[p.Name] = true
			}
			for _, p := range []string{c.Readiness.HTTP.Port, c.Readiness.TCP.Port, c.Liveness.HTTP.Port, c.Liveness.TCP.Port} {
				if p != "" && !ports[p] {
					t.Errorf("%s %s is asked at port %s, which it has not", m.Kind, m.Metadata.Name, p)
				}
			}
			for _, v := range c.VolumeMounts {
				if !volumes[v.Name] {
					t.Errorf("%s %s: there is no volume %s", m.Kind, m.Metadata.Name, v.Name)
				}
				if v.SubPathExpr != "" && (len(c.Env) == 0 || !strings.Contains(v.SubPathExpr, "$("+c.Env[0].Name+")")) {
					t.Errorf("%s %s: %s is of a variable that is not set", m.Kind, m.Metadata.Name, v.SubPathExpr)
				}
			}
		}
	}
	if pods == 0 {
		t.Error("there are no pods")
	}
	for i := range all {
		m := &all[i]
		labels := map[string]string{}
		switch m.Kind {
		case "Service":
			check(t, m.Spec.Selector.Decode(&labels))
			for _, p := range m.Spec.Ports {
				if p.TargetPort != "" && !ports[p.TargetPort] {
					t.Errorf("Service %s leads to port %s, which nobody has", m.Metadata.Name, p.TargetPort)
				}
			}
		case "StatefulSet", "Deployment", "PodDisruptionBudget":
			var s matchLabels
			check(t, m.Spec.Selector.Decode(&s))
			labels = s.MatchLabels
		case "NetworkPolicy":
			labels = m.Spec.PodSelector.MatchLabels
			for _, way := range append(m.Spec.Ingress, m.Spec.Egress...) {
				for _, who := range append(way.From, way.To...) {
					if len(who.PodSelector.MatchLabels) > 0 {
						chosen(m, who.PodSelector.MatchLabels)
					}
				}
			}
		default:
			continue
		}
		chosen(m, labels)
	}
}
