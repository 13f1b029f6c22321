package salesforce

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// assertion is what a client signs to get a token without a secret. Some
// clients (go-salesforce) write the number of exp in quotes; a json.Number
// takes both.
type assertion struct {
	Issuer   string      `json:"iss"`
	Subject  string      `json:"sub"`
	Audience string      `json:"aud"`
	Expires  json.Number `json:"exp"`
}

// jwtBearer checks a signed assertion. There is no upper bound on exp: the
// official command line sends milliseconds where seconds belong, a time
// thousands of years ahead, and signs in.
func (o *Org) jwtBearer(r *http.Request) (*session, *oauthFault) {
	invalid := &oauthFault{"invalid_grant", "invalid assertion"}
	token := r.PostFormValue("assertion")
	claims, err := readAssertion(token)
	if err != nil {
		return nil, invalid
	}
	expires, err := claims.Expires.Float64()
	if err != nil {
		return nil, invalid
	}
	c, known := o.client(claims.Issuer)
	switch {
	case !known:
		return nil, &oauthFault{"invalid_client_id", "client identifier invalid"}
	case verifyAssertion(token, c.certificate) != nil:
		return nil, invalid
	case !o.isAudience(r, claims.Audience):
		return nil, &oauthFault{"invalid_grant", "audience is invalid"}
	case expires <= float64(o.options.Now().Unix()):
		return nil, &oauthFault{"invalid_grant", "expired authorization code"}
	}
	user := o.activeUser(claims.Subject)
	if user == nil || !strings.EqualFold(claims.Subject, c.username) {
		return nil, &oauthFault{"invalid_grant", "user hasn't approved this consumer"}
	}
	return o.open(c, user), nil
}

// isAudience accepts the login host of the org's kind, or the org's own
// address, with or without a slash at the end.
func (o *Org) isAudience(r *http.Request, audience string) bool {
	login := "https://login.salesforce.com"
	if o.tenant.Salesforce.Sandbox {
		login = "https://test.salesforce.com"
	}
	audience = strings.TrimSuffix(audience, "/")
	own, err := url.Parse(audience)
	return slices.Contains([]string{login, o.instanceURL(r)}, audience) || err == nil && own.Host == r.Host
}

// readAssertion returns the claims of a token whose header says RS256. The
// signature is not looked at.
func readAssertion(token string) (assertion, error) {
	var claims assertion
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, errors.New("not three parts")
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	if err := decodePart(parts[0], &header); err != nil {
		return claims, err
	}
	if header.Algorithm != "RS256" {
		return claims, errors.New("algorithm is not RS256")
	}
	err := decodePart(parts[1], &claims)
	return claims, err
}

func decodePart(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func verifyAssertion(token, certificate string) error {
	key, err := publicKey(certificate)
	if err != nil {
		return err
	}
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(token[dot+1:], "="))
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(token[:dot]))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature)
}

// publicKey reads a PEM certificate, or a bare public key, which seeds may
// give for brevity.
func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no certificate")
	}
	var key any
	if block.Type == "CERTIFICATE" {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		key = certificate.PublicKey
	} else {
		var err error
		if key, err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return nil, err
		}
	}
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	return rsaKey, nil
}

// jwtToken writes an access token in JWT format. Only its shape matters to a
// client, so it is signed with a key of the emulator's own.
func jwtToken(o *Org, s *session, unique string) string {
	header := `{"alg":"HS256","typ":"JWT","tty":"sfdc-core-token"}`
	claims, _ := json.Marshal(map[string]any{ // texts and numbers always encode
		"sub": "uid:" + s.userID, "client_id": s.clientID, "sfap_op": "lockstep-emulator",
		"scp": strings.Join(s.scopes, " "), "exp": s.expires.Unix(), "jti": unique,
	})
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	mac := hmac.New(sha256.New, []byte(derive("jwt", o.organization())))
	_, _ = mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
