# One configuration for a sandbox and for production. What differs stands in
# sandbox.hclvars and production.hclvars:
#
#     lockstep plan -var-file=sandbox.hclvars
#     lockstep plan -var-file=production.hclvars

variable "organization_id" {
  type        = string
  description = "The org this run must be connected to; any other is refused."
}

variable "sandbox" {
  type        = bool
  description = "Whether that org is a sandbox."
}

variable "profiles" {
  type        = set(string)
  description = "The profiles whose users may use the statuses."
}

variable "teams" {
  type        = set(string)
  description = "The CXone teams that the rule reaches."
}

locals {
  environment = var.sandbox ? "sandbox" : "production"
  busy = {
    On_Break = "On break"
    Training = "In training"
    On_Call  = "On a call"
  }
}

provider "salesforce" {
  organization_id = var.organization_id
  sandbox         = var.sandbox
}

provider "cxone" {}

presence_status "Available" {
  label    = "Available (${local.environment})"
  option   = "online"
  channels = ["sfdc_phone", "sfdc_livemessage"]
}

presence_status "busy" {
  for_each       = local.busy
  developer_name = each.key
  label          = each.value
  option         = "busy"
}

profile_access "agents" {
  for_each = var.profiles
  profile  = each.value
  statuses = concat([presence_status.Available], values(presence_status.busy))
}

unavailable_code "Training" {
  timeout = "8h"
  teams   = var.teams
}

# Lockstep itself carries this rule out (lockstep run), so nothing has to be
# typed into CXone Adapters and no administrator's password is stored there.
presence_rule "agents" {
  executor = "lockstep"

  both = [
    { acd_state = "Available", salesforce_status = presence_status.Available },
    { acd_state = code("Break"), salesforce_status = presence_status.busy["On_Break"] },
    { acd_state = unavailable_code.Training, salesforce_status = presence_status.busy["Training"] },
  ]

  publisher = [
    { acd_state = "Unavailable", salesforce_status = presence_status.busy["On_Break"] }, # any other code
    { acd_state = "Working", salesforce_status = presence_status.busy["On_Call"] },
  ]

  after_contact = "previous"
  teams         = var.teams
}
