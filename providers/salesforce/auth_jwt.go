package salesforce

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// assertionLife is how far ahead exp lies. The vendor is said to take three
// to five minutes at most (UNCERTAIN); two leave room for skewed clocks.
const assertionLife = 2 * time.Minute

// assertion signs who wants in: the claims of the JWT bearer flow.
func (j *JWTBearer) assertion(audience string) (string, error) {
	key, err := parseKey([]byte(j.PrivateKey.Reveal()))
	if err != nil {
		return "", fmt.Errorf("private_key (%s): %w", j.PrivateKey.Source(), err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": j.ClientID,
		"sub": j.Username,
		"aud": audience,
		"exp": time.Now().Add(assertionLife).Unix(), // in seconds
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return text + "." + encode(signature), nil
}

// parseKey reads an RSA private key in PEM. Its errors hold nothing of it.
func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(`not PEM: the text must begin with "-----BEGIN PRIVATE KEY-----"`)
	}
	switch {
	case block.Type == "CERTIFICATE" || strings.HasSuffix(block.Type, "PUBLIC KEY"):
		return nil, fmt.Errorf("is a %s: give the private key that belongs to it", strings.ToLower(block.Type))
	case strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
		return nil, errors.New("is encrypted: decrypt it with openssl pkey, and keep it in a secret store")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("cannot be read as a private key")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("is not an RSA key, and salesforce takes RS256 only")
	}
	return key, nil
}

// audience is the login host of the org's family, even where the assertion is
// posted to a My Domain host.
func (c *Connection) audience() string {
	if audience := c.options.JWTBearer.Audience; audience != "" {
		return audience
	}
	if c.isSandbox() {
		return "https://test.salesforce.com"
	}
	return "https://login.salesforce.com"
}

// isSandbox goes by the address, and where that does not tell, by the pin.
// Scratch orgs are of the sandboxes' family (SECONDARY).
func (c *Connection) isSandbox() bool {
	u, err := url.Parse(c.base)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if host == testHost || strings.HasSuffix(host, ".sandbox"+apiSuffix) || strings.HasSuffix(host, ".scratch"+apiSuffix) {
		return true
	}
	return c.options.Sandbox != nil && *c.options.Sandbox
}
