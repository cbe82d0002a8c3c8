module orchestrator-tools/crds

go 1.26.0

// Only their files are read: the definitions of the custom resources that the chart makes.
require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
