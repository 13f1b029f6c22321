# NICE's guide, second half: what stands in CXone.

# A code does nothing for an agent until it is on the agent's team.
unavailable_code "Break" {
  timeout = "30m"
  teams   = ["Support", "Sales", "Billing", "Retention", "Supervisors"]
}

unavailable_code "Lunch" {
  timeout = "60m"
  teams   = ["Support"]
}

# Create an account mapping. The consumer key and secret flow from the app
# straight into it; nobody copies them anywhere.
account_mapping "production" {
  access_key_user = "presence-sync@acme.example"

  salesforce_environment {
    name          = "Acme production"
    platform      = "production"
    username      = "admin@acme.example"
    password      = var.salesforce_password
    client_id     = connected_app.Salesforce_Connector.consumer_key
    client_secret = connected_app.Salesforce_Connector.consumer_secret
    email         = "crm-team@acme.example"
  }
}

# Create a presence rule.
presence_rule "Support" {
  executor        = "cxone"
  account_mapping = account_mapping.production

  both = [
    { acd_state = "Available", salesforce_status = presence_status.Available_for_Chats },
    { acd_state = unavailable_code.Break, salesforce_status = presence_status.On_Break },
    { acd_state = unavailable_code.Lunch, salesforce_status = presence_status.Lunch },
  ]

  publisher = [
    { acd_state = "Unavailable", salesforce_status = presence_status.On_Break }, # any other code
    { acd_state = "Working", salesforce_status = presence_status.On_a_Call },
  ]

  subscriber = [
    { salesforce_status = presence_status.On_a_Call, acd_state = previous },
  ]

  teams = ["Support"]
}
