package salesforce

// The rows that readings look at, one type a table, and the queries that fill
// them. Field names are the vendor's.

// A changed says who changed a row last.
type changed struct {
	LastModifiedDate string
	LastModifiedBy   *struct{ Name string }
}

type statusRow struct {
	ID            string `json:"Id"`
	DeveloperName string
	MasterLabel   string
	changed
	SetupEntityAccessItems *Children[accessRow]

	access []accessRow // all of SetupEntityAccessItems
}

// An accessRow gives a permission set, or the profile that owns it, access to
// a status.
type accessRow struct {
	ParentID string `json:"ParentId"`
	Parent   struct {
		Name             string
		NamespacePrefix  string
		IsOwnedByProfile bool
		ProfileID        string `json:"ProfileId"`
		Profile          *struct{ Name string }
	}
}

type channelRow struct {
	ID            string `json:"Id"`
	DeveloperName string
	MasterLabel   string
}

type channelLinkRow struct {
	ServiceChannelID        string `json:"ServiceChannelId"`
	ServicePresenceStatusID string `json:"ServicePresenceStatusId"`
}

type profileRow struct {
	ID   string `json:"Id"`
	Name string
}

type permissionSetRow struct {
	ID              string `json:"Id"`
	Name            string
	Label           string
	NamespacePrefix string
	Description     string
	changed
}

type userRow struct {
	ID       string `json:"Id"`
	Username string
	Email    string
	Name     string
	IsActive bool

	FederationIdentifier string
}

type assignmentRow struct {
	ID              string `json:"Id"`
	AssigneeID      string `json:"AssigneeId"`
	PermissionSetID string `json:"PermissionSetId"`
	// PermissionSetGroupID is set where a group brought the row.
	PermissionSetGroupID string `json:"PermissionSetGroupId"`
	Assignee             struct{ Username string }
}

type licenceRow struct {
	ID              string `json:"Id"`
	NamespacePrefix string
	Status          string
	AllowedLicenses int
	UsedLicenses    int
}

type userLicenceRow struct {
	ID               string `json:"Id"`
	PackageLicenseID string `json:"PackageLicenseId"`
	UserID           string `json:"UserId"`
}

type streamRow struct {
	ID   string `json:"Id"`
	Name string
	changed
}

type packageRow struct {
	SubscriberPackage struct {
		Name            string
		NamespacePrefix string
	}
}

type eventChannelRow struct {
	ID string `json:"Id"`
}

type eventMemberRow struct {
	ID               string `json:"Id"`
	DeveloperName    string
	EventChannel     string
	SelectedEntity   string
	FilterExpression string
}
