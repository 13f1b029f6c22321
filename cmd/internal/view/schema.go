package view

import _ "embed"

// PlanSchema is the JSON Schema of a plan's JSON form.
//
//go:embed plan.schema.json
var PlanSchema []byte
