// Package tenant describes the people and things that an emulator starts
// with: one contact centre as both vendors know it. It is data only; the
// emulators turn it into their own tables.
package tenant

// A Tenant is a contact centre. The zero value is empty; [Acme] is a
// believable one. It is written in HCL or JSON by users of a seed file, which
// the tags describe.
type Tenant struct {
	Salesforce Salesforce `hcl:"salesforce,block" json:"salesforce"`
	CXone      CXone      `hcl:"cxone,block" json:"cxone"`
	Agents     []Agent    `hcl:"agent,block" json:"agents"`
}

// Salesforce is the org.
type Salesforce struct {
	OrganizationID string       `hcl:"organization_id" json:"organization_id"` // 15 characters
	Name           string       `hcl:"name" json:"name"`
	Sandbox        bool         `hcl:"sandbox,optional" json:"sandbox,omitempty"`
	OmniDisabled   bool         `hcl:"omni_disabled,optional" json:"omni_disabled,omitempty"`
	Profiles       []Profile    `hcl:"profile,block" json:"profiles"`
	PermissionSets []PermSet    `hcl:"permission_set,block" json:"permission_sets"`
	Channels       []Channel    `hcl:"service_channel,block" json:"service_channels"`
	Statuses       []Status     `hcl:"presence_status,block" json:"presence_statuses"`
	ConnectedApps  []App        `hcl:"connected_app,block" json:"connected_apps"`
	Packages       []Package    `hcl:"package,block" json:"packages"`
	LightningApps  []Lightning  `hcl:"lightning_app,block" json:"lightning_apps"`
	Integration    []Credential `hcl:"integration,block" json:"integration"`

	// MissingPermissions are permissions that even administrators lack:
	// ViewDeveloperName, ViewClientSecret.
	MissingPermissions []string `hcl:"missing_permissions,optional" json:"missing_permissions,omitempty"`
	// NoClientSecretAPI keeps consumer secrets from being read over REST.
	NoClientSecretAPI bool `hcl:"client_secret_api_disabled,optional" json:"client_secret_api_disabled,omitempty"`
	// ConnectedAppCreation lets clients create connected apps, as orgs do for
	// which Salesforce Support has switched it back on.
	ConnectedAppCreation bool `hcl:"connected_app_creation,optional" json:"connected_app_creation,omitempty"`
	// DailyAPIRequests is the allocation of 24 hours; 0 is 100,000.
	DailyAPIRequests int `hcl:"daily_api_requests,optional" json:"daily_api_requests,omitempty"`
}

// A Profile has the label people see and the API name, where it differs.
type Profile struct {
	Label   string `hcl:"label,label" json:"label"`
	APIName string `hcl:"api_name,optional" json:"api_name,omitempty"`
}

// A PermSet is a permission set.
type PermSet struct {
	Name      string   `hcl:"name,label" json:"name"`
	Label     string   `hcl:"label" json:"label"`
	Namespace string   `hcl:"namespace,optional" json:"namespace,omitempty"`
	Statuses  []string `hcl:"statuses,optional" json:"statuses,omitempty"`
}

// A Channel is a service channel.
type Channel struct {
	DeveloperName string `hcl:"developer_name,label" json:"developer_name"`
	Label         string `hcl:"label" json:"label"`
	Entity        string `hcl:"entity" json:"entity"`
}

// A Status is a presence status; without channels it is busy.
type Status struct {
	DeveloperName string   `hcl:"developer_name,label" json:"developer_name"`
	Label         string   `hcl:"label" json:"label"`
	Channels      []string `hcl:"channels,optional" json:"channels,omitempty"`
	Profiles      []string `hcl:"profiles,optional" json:"profiles,omitempty"` // labels of profiles that have it
}

// An App is a classic connected app that exists already.
type App struct {
	Name           string   `hcl:"name,label" json:"name"`
	Label          string   `hcl:"label" json:"label"`
	ContactEmail   string   `hcl:"contact_email" json:"contact_email"`
	CallbackURL    string   `hcl:"callback_url" json:"callback_url"`
	Scopes         []string `hcl:"scopes" json:"scopes"` // as the Metadata API names them
	ConsumerKey    string   `hcl:"consumer_key" json:"consumer_key"`
	ConsumerSecret string   `hcl:"consumer_secret" json:"consumer_secret"`
}

// A Package is an installed managed package with its licences.
type Package struct {
	Name      string `hcl:"name,label" json:"name"`
	Namespace string `hcl:"namespace" json:"namespace"`
	Allowed   int    `hcl:"allowed" json:"allowed"`
}

// A Lightning app is a console app with a utility bar.
type Lightning struct {
	Name       string `hcl:"name,label" json:"name"`
	Label      string `hcl:"label" json:"label"`
	UtilityBar string `hcl:"utility_bar,optional" json:"utility_bar,omitempty"`
}

// A Credential is what an integration signs in with.
type Credential struct {
	ClientID     string `hcl:"client_id,label" json:"client_id"`
	ClientSecret string `hcl:"client_secret" json:"client_secret"`
	Username     string `hcl:"username" json:"username"`                              // the run-as user
	Certificate  string `hcl:"certificate,optional" json:"certificate,omitempty"`     // PEM, for JWT bearer
	RefreshToken string `hcl:"refresh_token,optional" json:"refresh_token,omitempty"` // accepted as it is
	JWTTokens    bool   `hcl:"jwt_tokens,optional" json:"jwt_tokens,omitempty"`       // issues JWT-format access tokens
}

// CXone is the tenant.
type CXone struct {
	TenantID     string      `hcl:"tenant_id" json:"tenant_id"`
	BusinessUnit int         `hcl:"business_unit" json:"business_unit"`
	Teams        []string    `hcl:"teams" json:"teams"`
	Codes        []Code      `hcl:"unavailable_code,block" json:"unavailable_codes"`
	AccessKeys   []AccessKey `hcl:"access_key,block" json:"access_keys"`
	Clients      []Client    `hcl:"client,block" json:"clients"`
	NoPresence   bool        `hcl:"presence_sync_disabled,optional" json:"presence_sync_disabled,omitempty"`
}

// A Code is an unavailable code.
type Code struct {
	Name     string   `hcl:"name,label" json:"name"`
	Timeout  int      `hcl:"timeout,optional" json:"timeout,omitempty"` // minutes; 0 is the vendor's 120
	ACW      bool     `hcl:"acw,optional" json:"acw,omitempty"`
	Inactive bool     `hcl:"inactive,optional" json:"inactive,omitempty"`
	Teams    []string `hcl:"teams,optional" json:"teams,omitempty"`
}

// An AccessKey signs a back-end integration in as a user.
type AccessKey struct {
	ID     string `hcl:"id,label" json:"id"`
	Secret string `hcl:"secret" json:"secret"`
	User   string `hcl:"user" json:"user"` // user name
}

// A Client is a registered OpenID Connect client.
type Client struct {
	ID     string `hcl:"id,label" json:"id"`
	Secret string `hcl:"secret" json:"secret"`
}

// An Agent is one person, on one side or both.
type Agent struct {
	Email          string   `hcl:"email,label" json:"email"` // user name on both sides unless said
	FirstName      string   `hcl:"first_name" json:"first_name"`
	LastName       string   `hcl:"last_name" json:"last_name"`
	Team           string   `hcl:"team,optional" json:"team,omitempty"`         // "" is no CXone agent
	Profile        string   `hcl:"profile,optional" json:"profile,omitempty"`   // label; "" is no Salesforce user
	Username       string   `hcl:"username,optional" json:"username,omitempty"` // Salesforce's, where it differs
	FederationID   string   `hcl:"federation_id,optional" json:"federation_id,omitempty"`
	PackageLicence bool     `hcl:"package_licence,optional" json:"package_licence,omitempty"`
	PermissionSets []string `hcl:"permission_sets,optional" json:"permission_sets,omitempty"` // names
	Inactive       bool     `hcl:"inactive,optional" json:"inactive,omitempty"`
}
