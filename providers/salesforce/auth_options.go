package salesforce

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	loginHost = "login.salesforce.com"
	testHost  = "test.salesforce.com"
	apiSuffix = ".my.salesforce.com"
)

// Check says what is wrong with the options, nil when nothing is. It makes no
// call. A connection with wrong options answers every call with this error.
func (o Options) Check() error {
	base, err := checkInstance(o.InstanceURL)
	if err != nil {
		return fmt.Errorf("instance_url: %w", err)
	}
	if err := o.checkSignIn(base); err != nil {
		return err
	}
	if o.PubSubEndpoint != "" {
		if _, _, err := o.pubSubTarget(); err != nil {
			return err
		}
	}
	if _, ok := LongID(o.OrganizationID); o.OrganizationID != "" && !ok {
		return fmt.Errorf("organization_id %q is no Id of 15 characters, nor one of 18 with the right checksum", o.OrganizationID)
	}
	return o.checkVersion()
}

func (o Options) checkSignIn(base string) error {
	var ways []string
	var missing []string
	need := func(name string, there bool) {
		if !there {
			missing = append(missing, name)
		}
	}
	if j := o.JWTBearer; j != nil {
		ways = append(ways, "jwt_bearer")
		need("client_id", j.ClientID != "")
		need("username", j.Username != "")
		need("private_key", !j.PrivateKey.IsZero())
	}
	if k := o.ClientCredentials; k != nil {
		ways = append(ways, "client_credentials")
		need("client_id", k.ClientID != "")
		need("client_secret", !k.ClientSecret.IsZero())
	}
	if r := o.RefreshToken; r != nil {
		ways = append(ways, "refresh_token")
		need("client_id", r.ClientID != "")
		need("refresh_token", !r.RefreshToken.IsZero())
	}
	if !o.AccessToken.IsZero() {
		ways = append(ways, "access_token")
	}
	switch {
	case len(ways) == 0:
		return errors.New("no way to sign in: give one of jwt_bearer, client_credentials, refresh_token and access_token")
	case len(ways) > 1:
		return fmt.Errorf("%d ways to sign in (%s): give one", len(ways), strings.Join(ways, ", "))
	case len(missing) > 0:
		return fmt.Errorf("%s lacks %s", ways[0], strings.Join(missing, ", "))
	}
	if host := strings.TrimPrefix(base, "https://"); (host == loginHost || host == testHost) &&
		(o.ClientCredentials != nil || !o.AccessToken.IsZero()) {
		return fmt.Errorf("instance_url: %s takes no %s: give the org's own My Domain address, https://<domain>%s", host, ways[0], apiSuffix)
	}
	return nil
}

// checkVersion holds the version to the form "67.0" and the minimum.
func (o Options) checkVersion() error {
	if o.APIVersion == "" {
		return nil
	}
	version, err := strconv.ParseFloat(o.APIVersion, 64)
	if err != nil || !strings.HasSuffix(o.APIVersion, ".0") || strings.HasPrefix(o.APIVersion, "v") {
		return fmt.Errorf("api_version %q is not of the form %q", o.APIVersion, DefaultAPIVersion)
	}
	if minimum, _ := strconv.ParseFloat(MinimumAPIVersion, 64); version < minimum {
		return fmt.Errorf("api_version %s is too old: access to presence statuses cannot be managed below %s", o.APIVersion, MinimumAPIVersion)
	}
	return nil
}

// checkInstance returns an instance address without its trailing slash. Plain
// http is for the emulator, so it is taken on loopback only.
func checkInstance(address string) (string, error) {
	if address == "" {
		return "", fmt.Errorf("is missing: give the org's My Domain address, https://<domain>%s", apiSuffix)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return "", fmt.Errorf("is not of the form https://<domain>%s", apiSuffix)
	}
	host := strings.ToLower(u.Hostname())
	if right := suggestHost(host); right != "" {
		return "", fmt.Errorf("%s is for browsers and answers no API calls: use https://%s", host, right)
	}
	if u.Scheme == "http" && !isLoopback(host) {
		return "", fmt.Errorf("http would send tokens in the clear: use https://%s", u.Host)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("has more than a host: use %s://%s", u.Scheme, u.Host)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// suggestHost returns the API host that belongs to a host for browsers, ""
// when host is none.
func suggestHost(host string) string {
	for _, suffix := range []string{".lightning.force.com", ".my.salesforce-setup.com"} {
		if domain, found := strings.CutSuffix(host, suffix); found {
			return domain + apiSuffix
		}
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// secrets lists what must never be shown.
func (o Options) secrets() []schema.Secret {
	secrets := []schema.Secret{o.AccessToken}
	if o.JWTBearer != nil {
		secrets = append(secrets, o.JWTBearer.PrivateKey)
	}
	if o.ClientCredentials != nil {
		secrets = append(secrets, o.ClientCredentials.ClientSecret)
	}
	if o.RefreshToken != nil {
		secrets = append(secrets, o.RefreshToken.ClientSecret, o.RefreshToken.RefreshToken)
	}
	return secrets
}
