package cxone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// discover asks where the tenant's APIs are. Hosts are never made from a
// template: area, cluster and two domains do not determine them.
func (c *Connection) discover(ctx context.Context, tenant string) (hosts, error) {
	address := c.issuer + "/.well-known/cxone-configuration"
	if tenant != "" {
		address += "?tenantId=" + url.QueryEscape(tenant)
	}
	var answer struct {
		API  string `json:"api_endpoint"`
		Auth string `json:"auth_endpoint"`
	}
	if err := c.wellKnown(ctx, address, &answer); err != nil {
		return hosts{}, err
	}
	api, err := checkHost(answer.API)
	if err != nil {
		return hosts{}, fmt.Errorf("discovery: api_endpoint: %w", err)
	}
	auth, err := checkHost(answer.Auth)
	if err != nil {
		return hosts{}, fmt.Errorf("discovery: auth_endpoint: %w", err)
	}
	return hosts{api: api, auth: auth}, nil
}

// tokenEndpoint asks the issuer where OpenID Connect's token endpoint is.
func (c *Connection) tokenEndpoint(ctx context.Context) (string, error) {
	var answer struct {
		Endpoint string `json:"token_endpoint"`
	}
	if err := c.wellKnown(ctx, c.issuer+"/.well-known/openid-configuration", &answer); err != nil {
		return "", err
	}
	u, err := url.Parse(answer.Endpoint)
	if err != nil {
		return "", errors.New("discovery: token_endpoint is no address")
	}
	if _, err := checkHost(u.Scheme + "://" + u.Host); err != nil {
		return "", fmt.Errorf("discovery: token_endpoint: %w", err)
	}
	return answer.Endpoint, nil
}

func (c *Connection) wellKnown(ctx context.Context, address string, out any) error {
	resp, err := c.client.Do(rest.ByMethod(ctx), rest.Request{
		Method: http.MethodGet, URL: address, Header: http.Header{"Accept": {"application/json"}},
	})
	if err != nil {
		return err
	}
	return resp.Decode(out)
}

// version is how the vendor writes its API versions.
var version = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{1,3}\.\d$`) })

// Check says what is wrong with the options, nil when nothing is. It makes no
// call. A connection with wrong options answers every call with this error.
func (o Options) Check() error {
	if o.Issuer != "" {
		if _, err := checkHost(o.Issuer); err != nil {
			return fmt.Errorf("issuer: %w", err)
		}
	}
	switch {
	case o.AccessKeyID == "":
		return errors.New("access_key_id is missing: make an access key for a user of its own under My Profile, Access Keys")
	case o.AccessKeySecret.IsZero():
		return errors.New("access_key_secret is missing: it is shown once, when the key is made")
	case o.ClientID != "" && o.ClientSecret.IsZero():
		return errors.New("client_secret is missing: it came with client_id")
	case o.ClientID == "" && !o.ClientSecret.IsZero():
		return errors.New("client_id is missing: it came with client_secret")
	case o.Adapters != "" && o.Adapters != "manual" && o.Adapters != "api":
		return fmt.Errorf(`adapters = %q is neither "manual" nor "api"`, o.Adapters)
	case o.APIVersion != "" && !version().MatchString(o.APIVersion):
		return fmt.Errorf("api_version %q is not of the form %q", o.APIVersion, DefaultAPIVersion)
	}
	return nil
}

// checkHost returns an address without its trailing slash. Plain http is for
// the emulator, so it is taken on loopback only.
func checkHost(address string) (string, error) {
	if address == "" {
		return "", errors.New("is missing")
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return "", errors.New("is not of the form " + DefaultIssuer)
	}
	if u.Scheme == "http" && !onLoopback(u.Hostname()) {
		return "", fmt.Errorf("http would send secrets in the clear: use https://%s", u.Host)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", fmt.Errorf("has more than a host: %s://%s was due", u.Scheme, u.Host)
	}
	return u.Scheme + "://" + u.Host, nil
}

func isOnLoopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && onLoopback(u.Hostname())
}

func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
