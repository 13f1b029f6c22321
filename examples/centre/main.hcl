# A whole contact centre from one table: every team has its codes, its statuses
# and its rule, written once with for_each.

locals {
  # Why people are away: the code's name, its time-out, the status agents see.
  reasons = {
    Break    = { timeout = "30m", label = "On break" }
    Lunch    = { timeout = "60m", label = "At lunch" }
    Training = { timeout = "8h", label = "In training" }
    Meeting  = { timeout = "2h", label = "In a meeting" }
    Coaching = { timeout = "1h", label = "Coaching" }
  }

  teams = {
    Support   = { profile = "Support Agent", channels = ["sfdc_phone", "sfdc_livemessage"] }
    Sales     = { profile = "Sales Agent", channels = ["sfdc_phone"] }
    Retention = { profile = "Custom: Support Profile", channels = ["sfdc_phone", "Cases"] }
  }
}

provider "salesforce" {}

provider "cxone" {}

presence_status "away" {
  for_each       = local.reasons
  developer_name = each.key
  label          = each.value.label
  option         = "busy"
}

presence_status "ready" {
  for_each       = local.teams
  developer_name = "${each.key}_Ready"
  label          = "${each.key}: ready"
  option         = "online"
  channels       = each.value.channels
}

presence_status "On_a_Call" {
  option = "busy"
}

unavailable_code "reason" {
  for_each = local.reasons
  name     = each.key
  timeout  = each.value.timeout
  teams    = keys(local.teams)
}

profile_access "team" {
  for_each = local.teams
  profile  = each.value.profile
  statuses = concat([presence_status.ready[each.key], presence_status.On_a_Call], values(presence_status.away))
}

presence_rule "team" {
  for_each = local.teams
  name     = each.key
  executor = "lockstep"

  both = concat(
    [{ acd_state = "Available", salesforce_status = presence_status.ready[each.key] }],
    [for reason in keys(local.reasons) : { acd_state = unavailable_code.reason[reason], salesforce_status = presence_status.away[reason] }],
  )

  publisher = [
    { acd_state = "Unavailable", salesforce_status = presence_status.away["Break"] }, # any other code
    { acd_state = "Working", salesforce_status = presence_status.On_a_Call },
  ]

  teams = [each.key]
}
