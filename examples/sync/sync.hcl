# A contact centre whose presence lockstep run keeps in step, both ways. The
# demo runs this against Acme, the emulated centre of about forty agents.

provider "salesforce" {}

provider "cxone" {}

locals {
  teams    = ["Support", "Sales", "Billing", "Retention", "Supervisors"]
  profiles = ["Support Agent", "Sales Agent", "Support Supervisor", "Custom: Support Profile"]

  # Why people are away: the code in CXone, the status in Salesforce.
  away = {
    Break    = { timeout = "30m", label = "On break" }
    Lunch    = { timeout = "60m", label = "At lunch" }
    Training = { timeout = "8h", label = "In training" }
    Meeting  = { timeout = "2h", label = "In a meeting" }
  }
}

presence_status "Ready" {
  option   = "online"
  channels = ["sfdc_livemessage", "Cases"]
}

presence_status "On_a_Call" { option = "busy" }
presence_status "Wrapping_Up" { option = "busy" }

presence_status "away" {
  for_each       = local.away
  developer_name = each.key
  label          = each.value.label
  option         = "busy"
}

profile_access "agents" {
  for_each = toset(local.profiles)
  profile  = each.key
  statuses = concat([presence_status.Ready, presence_status.On_a_Call, presence_status.Wrapping_Up], values(presence_status.away))
}

unavailable_code "away" {
  for_each = local.away
  name     = each.key
  timeout  = each.value.timeout
  teams    = local.teams
}

# What run needs in the org: a channel to hear of changes, and one to reach the
# agents' consoles. Salesforce has no call that sets an agent's presence.
presence_bridge "LockstepPresence" {
  apps  = ["LightningService"]
  users = var.agents
}

variable "agents" {
  type        = list(string)
  default     = []
  description = "Who is kept in step in Salesforce, by username or e-mail address."
}

presence_rule "everybody" {
  executor = "lockstep"

  both = concat(
    [{ acd_state = "Available", salesforce_status = presence_status.Ready }],
    [for code in keys(local.away) : { acd_state = unavailable_code.away[code], salesforce_status = presence_status.away[code] }],
  )

  publisher = [
    { acd_state = "Working", salesforce_status = presence_status.On_a_Call },
    { acd_state = "ACW", salesforce_status = presence_status.Wrapping_Up },
    { acd_state = "Unavailable", salesforce_status = presence_status.away["Break"] }, # any other code
  ]

  teams = local.teams
}

sync {
  poll_interval     = "1s"
  writes_per_second = 50
  breaker {
    moved  = "100%" # the demo's agents are few and in a hurry; a real centre keeps the default, 20%
    within = "10s"
  }
}
