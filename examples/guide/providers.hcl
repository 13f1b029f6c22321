# How to reach both vendors. Arguments that are left out come from environment
# variables: SALESFORCE_INSTANCE_URL, SALESFORCE_CLIENT_ID,
# SALESFORCE_CLIENT_SECRET, CXONE_ISSUER, CXONE_TENANT_ID, CXONE_ACCESS_KEY_ID
# and CXONE_ACCESS_KEY_SECRET. "lockstep doctor" checks what they may do.

lockstep {
  required_version = ">= 0.1"
}

provider "salesforce" {
  organization_id = "00D5g00000ABCDE" # a pin: any other org is refused
  sandbox         = false
}

provider "cxone" {
  # NICE publishes no API that writes account mappings and presence rules, so
  # the honest setting is "manual": Lockstep prints the click path and records
  # who followed it. "api" speaks the emulator's simulated contract.
  adapters = var.adapters
}

variable "adapters" {
  type        = string
  default     = "manual"
  description = "How account mappings and presence rules get into CXone Adapters."

  validation {
    condition     = contains(["manual", "api"], var.adapters)
    error_message = "adapters must be manual or api."
  }
}

variable "salesforce_password" {
  type        = string
  sensitive   = true
  description = "The password of the Salesforce administrator that NICE signs in as."
}
