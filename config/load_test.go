package config

import (
	"testing"

	"github.com/lockstep-sync/lockstep/schema"
)

const guide = `
lockstep {
  required_version = ">= 0.1"
  store            = "postgres://lockstep@db.internal/lockstep"
}

variable "password" {
  type      = string
  sensitive = true
  default   = "planted-password"
}

locals {
  prefix = "Acme"
  title  = "${local.prefix} production"
}

provider "acme" {}

status "Available_for_Chats" {
  label    = "Available for Chats"
  option   = "online"
  channels = ["sfdc_livemessage"]
  order    = 3
}

status "On_Break" {
  option = "busy"
}

access "Support Agent" {
  statuses = [status.Available_for_Chats, status.On_Break, "Not_Declared"]
}

app "Connector" {
  description = "for ${status.On_Break.label}"
}

unavailable_code "Lunch" {
  timeout = "60m"
  teams   = ["Support"]
}

mapping "production" {
  name = local.title
  environment {
    username      = "admin@acme.example"
    password      = var.password
    client_id     = app.Connector.consumer_key
    client_secret = app.Connector.consumer_secret
    email         = "crm-team@acme.example"
  }
  alarm { after = "1h30m" }
  alarm { after = "90d" }
}

rule "Support" {
  mapping = mapping.production
  both = [
    { acd_state = "Available", salesforce_status = status.Available_for_Chats },
    { acd_state = unavailable_code.Lunch, salesforce_status = status.On_Break },
    { acd_state = code("Undeclared"), salesforce_status = offline },
    { acd_state = previous, salesforce_status = "Typed_Name" },
  ]
  teams = ["Support"]
}

user_mapping "ana" {
  salesforce = "ana@acme.example.uat"
  cxone      = "ana@acme.example"
}

removed {
  status           = "Old_Lunch"
  unavailable_code = ["A", "B"]
}
`

func TestGuide(t *testing.T) {
	c := mustLoad(t, guide)
	for _, o := range c.Objects {
		t.Log(o.Address, schema.Text(o.Record), o.DependsOn)
		t.Log(o.Source)
	}
	t.Log(c.Removed, c.Users, c.Sync, c.Providers["acme"].Record, c.Lockstep, c.Digest)
	t.Logf("%s", c.Source(c.Objects[0].Source.Block.File))
}
