package salesforce

import (
	"slices"
	"strings"
)

// An External Client App is five components that name the app they belong to
// (VERIFIED). Key and secret are made by the org and read through the
// credentials endpoints; no component shows them.

const ecaSince = 60 // UNCERTAIN: the contract says about 60 to 62

func externalClientApplication() *metaType {
	return &metaType{
		name: "ExternalClientApplication", folder: "externalClientApps", suffix: "eca", since: ecaSince,
		elements: []string{"contactEmail", "contactPhone", "description", "distributionState", "iconUrl", "infoUrl", "isProtected", "label", "logoUrl", "orgScopedExternalApp"},
		required: []string{"contactEmail", "distributionState", "label"},
		checks: func(e *edit, c *component) *problem {
			if p := checkEnum(c.body, "distributionState", "Local", "Packaged"); p != nil {
				return p
			}
			return checkName(c)
		},
		writes: func(e *edit, c *component, held row) *problem {
			// The vendor adds it at the first deploy; what is sent changes nothing.
			c.body.set("orgScopedExternalApp", e.org.organization()+":"+c.fullName)
			c.body.sortByName()
			e.keep(c, held)
			e.ensurePolicies(c.fullName)
			return nil
		},
		removes: removeECA,
	}
}

// removeECA deletes an app with all that belongs to it.
func removeECA(e *edit, r row) *problem {
	for _, of := range [...]string{ecaGlobalType, ecaOauthType, ecaOauthPolicyType, ecaPolicyType} {
		for _, part := range e.many("MetadataComponent", "Type Application", of, r.text("FullName")) {
			e.drop("MetadataComponent", part)
		}
	}
	if consumer := e.one("OAuthConsumer", "Application", r.text("FullName")); consumer != nil {
		e.drop("OAuthConsumer", consumer)
	}
	e.drop("MetadataComponent", r)
	return nil
}

const (
	ecaGlobalType      = "ExtlClntAppGlobalOauthSettings"
	ecaOauthType       = "ExtlClntAppOauthSettings"
	ecaOauthPolicyType = "ExtlClntAppOauthConfigurablePolicies"
	ecaPolicyType      = "ExtlClntAppConfigurablePolicies"
)

func ecaGlobalOauthSettings() *metaType {
	return &metaType{
		name: ecaGlobalType, folder: "extlClntAppGlobalOauthSets", suffix: "ecaGlblOauth", since: ecaSince,
		elements: []string{
			"callbackUrl", "certificate", "consumerKey", "consumerSecret", "externalClientApplication", "idTokenConfig", "isClientCredentialsFlowEnabled",
			"isConsumerSecretOptional", "isDeviceFlowEnabled", "isIntrospectAllTokens", "isNamedUserJwtEnabled", "isPkceRequired",
			"isRefreshTokenRotationEnabled", "isSecretRequiredForRefreshToken", "isTokenExchangeEnabled", "label", "shouldRotateConsumerKey", "shouldRotateConsumerSecret",
		},
		required: []string{"callbackUrl", "externalClientApplication", "label"},
		checks:   checkGlobalOauth,
		writes:   writeGlobalOauth,
		reads: func(_ *edit, r row) *node {
			return storedXML(ecaGlobalType, r).without("consumerKey", "consumerSecret", "shouldRotateConsumerKey", "shouldRotateConsumerSecret")
		},
	}
}

func checkGlobalOauth(e *edit, c *component) *problem {
	rotate := isTrue(c.body.get("shouldRotateConsumerKey")) || isTrue(c.body.get("shouldRotateConsumerSecret"))
	if rotate && !c.ignoreWarnings {
		p := problemf("WARNING", "Rotating the consumer key or secret needs ignoreWarnings").at(c.body)
		p.warning = true
		return p
	}
	return checkPart(e, c)
}

// writeGlobalOauth keeps the settings and makes key and secret with the first
// ones. A secret that is sent gives no usable one (SECONDARY), so it is dropped.
func writeGlobalOauth(e *edit, c *component, held row) *problem {
	app := c.body.get("externalClientApplication")
	consumer := e.one("OAuthConsumer", "Application", app)
	switch {
	case consumer == nil:
		e.newConsumer(app, "", "")
	case isTrue(c.body.get("shouldRotateConsumerKey")):
		e.set("OAuthConsumer", consumer, "Key", "3MVG9"+derive("key", app, consumer.text("Key")))
	}
	if consumer != nil && isTrue(c.body.get("shouldRotateConsumerSecret")) {
		e.set("OAuthConsumer", consumer, "Secret", strings.ToUpper(derive("secret", app, consumer.text("Secret"))))
	}
	kept := *c
	kept.body = c.body.without("consumerKey", "consumerSecret", "shouldRotateConsumerKey", "shouldRotateConsumerSecret")
	if held == nil || c.file {
		for _, on := range [...]string{"isPkceRequired", "isSecretRequiredForRefreshToken"} { // VERIFIED defaults
			if kept.body.child(on) == nil {
				kept.body.set(on, "true")
			}
		}
		kept.body.sortByName()
	}
	return writePart(e, &kept, held)
}

func ecaOauthSettings() *metaType {
	return &metaType{
		name: ecaOauthType, folder: "extlClntAppOauthSettings", suffix: "ecaOauth", since: ecaSince,
		elements: []string{"commaSeparatedOauthScopes", "customAttributes", "externalClientApplication", "label", "oauthLink", "singleLogoutUrl", "trustedIpRanges"},
		required: []string{"externalClientApplication"},
		checks: func(e *edit, c *component) *problem {
			if p := checkScopes(splitList(c.body.get("commaSeparatedOauthScopes"))); p != nil {
				return p.at(c.body.child("commaSeparatedOauthScopes"))
			}
			const most = 128 // of either list (VERIFIED)
			if len(c.body.each("customAttributes")) > most || len(c.body.each("trustedIpRanges")) > most {
				return problemf("LIMIT_EXCEEDED", "more than %d customAttributes or trustedIpRanges", most)
			}
			return checkPart(e, c)
		},
		writes: writePart,
		reads: func(_ *edit, r row) *node {
			n := storedXML(ecaOauthType, r)
			if scopes := n.child("commaSeparatedOauthScopes"); scopes != nil {
				// UNCERTAIN that they collapse here as those of connected apps do.
				scopes.text = strings.Join(canonicalScopes(splitList(scopes.text)), ", ")
			}
			return n
		},
	}
}

func ecaOauthPolicies() *metaType {
	return &metaType{
		name: ecaOauthPolicyType, folder: "extlClntAppOauthPolicies", suffix: "ecaOauthPlcy", since: ecaSince,
		required: []string{"externalClientApplication"},
		checks: func(e *edit, c *component) *problem {
			if p := checkEnum(c.body, "permittedUsersPolicyType", "AllSelfAuthorized", "AdminApprovedPreAuthorized"); p != nil {
				return p
			}
			if p := checkEnum(c.body, "refreshTokenPolicyType", "Infinite", "Zero", "SpecificLifetime", "SpecificInactivity"); p != nil {
				return p
			}
			if user := c.body.get("clientCredentialsFlowUser"); user != "" && e.one("User", "Username", user) == nil {
				return problemf("INVALID_CROSS_REFERENCE_KEY", "In field: clientCredentialsFlowUser - no User named %s found", user).at(c.body)
			}
			return checkPart(e, c)
		},
		writes: writePart,
	}
}

func ecaPolicies() *metaType {
	return &metaType{
		name: ecaPolicyType, folder: "extlClntAppPolicies", suffix: "ecaPlcy", since: ecaSince,
		elements: []string{"externalClientApplication", "isEnabled", "isOauthPluginEnabled", "isSamlPluginEnabled", "label", "startPage", "startUrl", "customAttributes"},
		required: []string{"externalClientApplication", "isEnabled"},
		checks:   checkPart,
		writes:   writePart,
	}
}

// checkPart checks that what belongs to an app names one that is there, and
// that the app has no other of its type.
func checkPart(e *edit, c *component) *problem {
	app := c.body.get("externalClientApplication")
	if e.one("MetadataComponent", "Type FullName", "ExternalClientApplication", app) == nil {
		return problemf("INVALID_CROSS_REFERENCE_KEY", "In field: externalClientApplication - no ExternalClientApplication named %s found", app).at(c.body)
	}
	for _, other := range e.many("MetadataComponent", "Type Application", c.of.name, app) {
		if !strings.EqualFold(other.text("FullName"), c.fullName) && other.text("FullName") != defaultPolicy(app) {
			return problemf("DUPLICATE_VALUE", "%s %s exists for %s already", c.of.name, other.text("FullName"), app).at(c.body)
		}
	}
	return checkName(c)
}

// writePart keeps a component of an app. It takes the place of the policy that
// the org made by itself.
func writePart(e *edit, c *component, held row) *problem {
	app := c.body.get("externalClientApplication")
	for _, other := range slices.Clone(e.many("MetadataComponent", "Type Application", c.of.name, app)) {
		if other.text("FullName") == defaultPolicy(app) && !strings.EqualFold(c.fullName, defaultPolicy(app)) {
			e.drop("MetadataComponent", other)
		}
	}
	kept := e.keep(c, held)
	e.set("MetadataComponent", kept, "Application", app)
	return nil
}

// defaultPolicy is what the policies are called that appear by themselves
// (SECONDARY).
func defaultPolicy(app string) string { return app + "_defaultPolicy" }

// ensurePolicies adds the policies of a new app.
func (e *edit) ensurePolicies(app string) {
	defaults := [...]struct{ of, extra string }{
		{ecaOauthPolicyType, "<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType><refreshTokenPolicyType>Infinite</refreshTokenPolicyType>"},
		{ecaPolicyType, "<isEnabled>true</isEnabled><isOauthPluginEnabled>true</isOauthPluginEnabled>"},
	}
	for _, policy := range defaults {
		if e.one("MetadataComponent", "Type Application", policy.of, app) == nil {
			e.insert("MetadataComponent", row{
				"Type": policy.of, "FullName": defaultPolicy(app), "Application": app,
				"XML": element("externalClientApplication", app) + policy.extra,
			})
		}
	}
}

// checkEnum refuses a value that an element cannot have. An element that is
// not there is fine.
func checkEnum(body *node, name string, values ...string) *problem {
	n := body.child(name)
	if n == nil || slices.Contains(values, n.text) {
		return nil
	}
	return problemf("INVALID_TYPE", "'%s' is not a valid value for %s", n.text, name).at(n)
}
