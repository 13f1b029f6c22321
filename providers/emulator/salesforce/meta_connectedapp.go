package salesforce

import (
	"strings"
)

// connectedApp is the type of classic connected apps. Those that exist can be
// changed and deleted; creating one is refused in nearly every org (VERIFIED).
func connectedApp() *metaType {
	return &metaType{
		name: "ConnectedApp", folder: "connectedApps", suffix: "connectedApp", since: 29,
		elements: []string{
			"attributes", "canvasConfig", "contactEmail", "contactPhone", "description", "iconUrl", "infoUrl", "ipRanges", "label", "logoUrl",
			"mobileStartUrl", "oauthConfig", "oauthPolicy", "permissionSetName", "plugin", "profileName", "samlConfig", "sessionPolicy", "startUrl",
		},
		required: []string{"contactEmail", "label"},
		checks:   checkConnectedApp,
		writes:   writeConnectedApp,
		reads: func(_ *edit, r row) *node {
			n := storedXML("ConnectedApp", r)
			if config := n.child("oauthConfig"); config != nil {
				setScopes(config, canonicalScopes(config.all("scopes")))
			}
			return n
		},
		removes: func(e *edit, r row) *problem {
			e.drop("ConnectedApplication", r)
			if consumer := e.one("OAuthConsumer", "Application", r.text("FullName")); consumer != nil {
				e.drop("OAuthConsumer", consumer)
			}
			return nil
		},
		finds: func(e *edit, fullName string) row { return e.one("ConnectedApplication", "FullName", fullName) },
		lists: func(e *edit) []row { return e.rows("ConnectedApplication") },
	}
}

const (
	// cannotCreateApp is the vendor's text (VERIFIED); the status code that
	// goes with it has not been seen.
	cannotCreateApp = "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."
	oauthConfigs    = " assetTokenConfig callbackUrl certificate consumerKey consumerSecret idTokenConfig isAdminApproved isClientCredentialEnabled " +
		"isCodeCredentialEnabled isCodeCredentialPostOnly isConsumerSecretOptional isDPopEnabled isDeviceFlowEnabled isEnforceRefreshTokenTTL " +
		"isIntrospectAllTokens isIpBindingEnabled isNamedUserJwtEnabled isPKImTLSEnabled isPkceRequired isRefreshTokenRotationEnabled " +
		"isSecretRequiredForRefreshToken isSecretRequiredForTokenExchange isTokenExchangeEnabled oauthClientCredentialUser scopes singleLogoutUrl "
)

// isConsumerKey reports whether a client may choose this when it creates an app:
// 8 to 256 letters and digits.
func isConsumerKey(chosen string) bool {
	return len(chosen) >= 8 && len(chosen) <= 256 && !strings.ContainsFunc(chosen, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func checkConnectedApp(e *edit, c *component) *problem {
	held := e.one("ConnectedApplication", "FullName", c.fullName)
	if held == nil && !e.org.tenant.Salesforce.ConnectedAppCreation {
		return problemf("INSUFFICIENT_ACCESS", cannotCreateApp)
	}
	config := c.body.child("oauthConfig")
	if config == nil {
		return nil
	}
	if p := checkOauthConfig(config); p != nil {
		return p
	}
	if len(c.body.each("profileName"))+len(c.body.each("permissionSetName")) > 0 && !isTrue(config.get("isAdminApproved")) {
		return problemf("FIELD_INTEGRITY_EXCEPTION", "profileName and permissionSetName need isAdminApproved to be true").at(c.body)
	}
	return checkConsumer(e, config, held)
}

func checkOauthConfig(config *node) *problem {
	for _, n := range config.children {
		if !strings.Contains(oauthConfigs, " "+n.name+" ") {
			return problemf("INVALID_TYPE", "Error parsing file: Element {%s}%s invalid at this location in type ConnectedAppOauthConfig", metadataNS, n.name).at(n)
		}
	}
	if config.get("callbackUrl") == "" {
		return problemf("REQUIRED_FIELD_MISSING", "Required field is missing: callbackUrl").at(config)
	}
	if config.get("oauthClientCredentialUser") != "" && !isTrue(config.get("isClientCredentialEnabled")) {
		return problemf("FIELD_INTEGRITY_EXCEPTION", "oauthClientCredentialUser needs isClientCredentialEnabled to be true").at(config)
	}
	if p := checkScopes(config.all("scopes")); p != nil {
		return p.at(config)
	}
	return nil
}

// checkConsumer guards key and secret, which are set at creation or never.
func checkConsumer(e *edit, config *node, held row) *problem {
	key, secret := config.get("consumerKey"), config.get("consumerSecret")
	if held == nil {
		for _, chosen := range [...]string{key, secret} {
			if chosen != "" && !isConsumerKey(chosen) {
				return problemf("FIELD_INTEGRITY_EXCEPTION", "consumerKey and consumerSecret must be alphanumeric, 8 to 256 characters").at(config)
			}
		}
		if key != "" && e.one("OAuthConsumer", "Key", key) != nil {
			return problemf("DUPLICATE_VALUE", "The consumer key is already in use").at(config)
		}
		return nil
	}
	if consumer := e.one("OAuthConsumer", "Application", held.text("FullName")); key != "" && key != consumer.text("Key") {
		return problemf("FIELD_INTEGRITY_EXCEPTION", "consumerKey cannot be changed after the app is created").at(config)
	}
	if secret != "" {
		return problemf("FIELD_INTEGRITY_EXCEPTION", "consumerSecret cannot be changed after the app is created").at(config)
	}
	return nil
}

func writeConnectedApp(e *edit, c *component, held row) *problem {
	label := c.body.get("label")
	sent := c.body.child("oauthConfig")
	if held == nil {
		held = e.insert("ConnectedApplication", row{"Name": label, "FullName": c.fullName, "OptionsAllowAdminApprovedUsersOnly": false})
		e.newConsumer(c.fullName, sent.get("consumerKey"), sent.get("consumerSecret"))
	}
	body := c.body
	if !c.file {
		body = merge(storedXML("ConnectedApp", held), body)
	}
	if config := body.child("oauthConfig"); config != nil {
		stored := config.without("consumerSecret")
		stored.set("consumerKey", e.one("OAuthConsumer", "Application", c.fullName).text("Key"))
		stored.sortByName()
		body = body.without("oauthConfig")
		body.children = append(body.children, stored)
		body.sortByName()
		e.set("ConnectedApplication", held, "OptionsAllowAdminApprovedUsersOnly", isTrue(stored.get("isAdminApproved")))
	}
	e.set("ConnectedApplication", held, "Name", label)
	e.set("ConnectedApplication", held, "XML", body.inner())
	return nil
}

// newConsumer gives an app its key and secret; those not chosen are made.
func (e *edit) newConsumer(application, key, secret string) {
	org := e.org.organization()
	if key == "" {
		key = "3MVG9" + derive("key", org, application, e.store.stamp())
	}
	if secret == "" {
		secret = strings.ToUpper(derive("secret", org, application, e.store.stamp()))
	}
	e.insert("OAuthConsumer", row{"Application": application, "Key": key, "Secret": secret})
}

// setScopes replaces the scopes of a config.
func setScopes(config *node, scopes []string) {
	config.children = config.without("scopes").children
	for _, scope := range scopes {
		config.children = append(config.children, leaf("scopes", scope))
	}
	config.sortByName()
}
