package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// Identity says who signed in where.
type Identity struct {
	OrganizationID   string // 18 characters
	OrganizationName string
	OrganizationType string
	InstanceName     string
	Sandbox          bool
	UserID           string
	Username         string
}

// organization is the org's one row of the Organization object.
type organization struct {
	ID               string `json:"Id"`
	Name             string
	InstanceName     string
	IsSandbox        bool
	OrganizationType string
}

// Identity asks once and remembers. Its calls count as [schema.SignIn].
func (c *Connection) Identity(ctx context.Context) (Identity, error) {
	if known := c.identity.Load(); known != nil {
		return *known, nil
	}
	ctx = schema.For(rest.ByMethod(ctx), schema.SignIn)
	var user struct {
		UserID   string `json:"user_id"`
		Username string `json:"preferred_username"`
	}
	if err := c.Get(ctx, "/services/oauth2/userinfo", &user); err != nil {
		return Identity{}, fmt.Errorf("who is signed in: %w", err)
	}
	s, err := c.login.Get(ctx)
	if err != nil {
		return Identity{}, err
	}
	org, err := c.organization(ctx, s)
	if err != nil {
		return Identity{}, err
	}
	id, ok := LongID(org.ID)
	if !ok {
		return Identity{}, fmt.Errorf("read the organization: %q is no Id", org.ID)
	}
	known := &Identity{
		OrganizationID: id, OrganizationName: org.Name, OrganizationType: org.OrganizationType,
		InstanceName: org.InstanceName, Sandbox: org.IsSandbox, UserID: user.UserID, Username: user.Username,
	}
	c.identity.Store(known)
	return *known, nil
}

// organization reads the org's own row. It is given the session because a
// sign-in that checks pins has not ended yet.
func (c *Connection) organization(ctx context.Context, s *session) (*organization, error) {
	if known := c.org.Load(); known != nil {
		return known, nil
	}
	const soql = "SELECT Id, Name, InstanceName, IsSandbox, OrganizationType FROM Organization LIMIT 1"
	path := c.data("query") + "?q=" + url.QueryEscape(soql)
	resp, err := c.client.Do(ctx, s.request(http.MethodGet, path, "", nil))
	if err != nil {
		return nil, fmt.Errorf("read the organization: %w", err)
	}
	var page struct{ Records []organization }
	if err := resp.Decode(&page); err != nil {
		return nil, fmt.Errorf("read the organization: %w", err)
	}
	if len(page.Records) != 1 {
		return nil, resp.Bad("the Organization row is not visible: give the user View Setup and Configuration", nil)
	}
	c.org.Store(&page.Records[0])
	return &page.Records[0], nil
}

// checkVersion asks once which API versions the org offers.
func (c *Connection) checkVersion(ctx context.Context, s *session) error {
	if c.versions.Load() {
		return nil
	}
	resp, err := c.client.Do(ctx, rest.Request{
		Method: http.MethodGet, URL: s.instance + "/services/data", Header: http.Header{"Accept": {"application/json"}},
	})
	if err != nil {
		return fmt.Errorf("list API versions: %w", err)
	}
	var offered []struct{ Version string }
	if err := resp.Decode(&offered); err != nil {
		return fmt.Errorf("list API versions: %w", err)
	}
	versions := make([]string, len(offered))
	for i, o := range offered {
		versions[i] = o.Version
	}
	if !slices.Contains(versions, c.options.APIVersion) {
		return fmt.Errorf("%s does not offer API version %s; it offers %s: set api_version to one of them, %s at least",
			s.instance, c.options.APIVersion, lastOf(versions), MinimumAPIVersion)
	}
	c.versions.Store(true)
	return nil
}

// lastOf lists the newest few versions; the vendor lists the oldest first.
func lastOf(versions []string) string {
	if len(versions) == 0 {
		return "none"
	}
	return strings.Join(versions[max(0, len(versions)-5):], ", ")
}

// A Limit is one of the org's limits.
type Limit struct{ Max, Remaining int }

// Limits returns the org's limits by name: DailyApiRequests.
func (c *Connection) Limits(ctx context.Context) (map[string]Limit, error) {
	var limits map[string]Limit
	err := c.Get(ctx, "limits", &limits)
	return limits, err
}

// UserPermissions returns which of the named permissions ("ViewSetup") the
// signed-in user holds through its profile and permission sets.
func (c *Connection) UserPermissions(ctx context.Context, names ...string) (map[string]bool, error) {
	who, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	fields := make([]string, len(names))
	for i, name := range names {
		fields[i] = "PermissionSet.Permissions" + name
	}
	// A profile is a permission set of its own here, so that one query sees all.
	rows, err := Query[struct {
		PermissionSet map[string]any
	}](ctx, c, "SELECT "+strings.Join(fields, ", ")+" FROM PermissionSetAssignment WHERE AssigneeId = "+Quote(who.UserID))
	if err != nil {
		return nil, fmt.Errorf("read the user's permissions: %w", err)
	}
	held := make(map[string]bool, len(names))
	for _, name := range names {
		held[name] = false
		for _, row := range rows {
			if on, _ := row.PermissionSet["Permissions"+name].(bool); on {
				held[name] = true
			}
		}
	}
	return held, nil
}
