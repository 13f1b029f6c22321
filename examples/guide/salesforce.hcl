# NICE's guide, first half: what stands in Salesforce.

# Requirements: users hold the permission set and the package licence.
agent_access "support" {
  permission_set = "CXone Agent"
  package        = "CXone Agent for Salesforce"
  users = [
    "ana.lopez@acme.example",
    "ben.okafor@acme.example",
    "carla.rossi@acme.example",
    "erik.olsen@acme.example",
  ]
}

# Create presence statuses.
presence_status "Available_for_Chats" {
  option   = "online"
  channels = ["sfdc_livemessage"]
}

presence_status "On_Break" {
  option = "busy"
}

presence_status "Lunch" {
  label  = "At lunch"
  option = "busy"
}

presence_status "On_a_Call" {
  option = "busy"
}

# Add the presence statuses to user profiles.
profile_access "Support Agent" {
  statuses = [
    presence_status.Available_for_Chats,
    presence_status.On_Break,
    presence_status.Lunch,
    presence_status.On_a_Call,
  ]
}

profile_access "supervisors" {
  profile  = "Support Supervisor"
  statuses = [presence_status.Available_for_Chats, presence_status.On_Break]
}

# Create a connected app.
connected_app "Salesforce_Connector" {
  label         = "Salesforce Connector"
  contact_email = "crm-team@acme.example"
  callback_url  = "https://callback.acme.example/oauth"
  scopes        = ["visualforce", "full", "api", "web", "refresh_token"]

  require_secret_for_web_server_flow    = true
  require_secret_for_refresh_token_flow = true
}
