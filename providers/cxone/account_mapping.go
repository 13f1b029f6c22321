package cxone

import (
	"context"
	"fmt"
	"net/mail"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

var accountMapping = &kind{
	Kind: schema.Kind{
		Name:     "account_mapping",
		Provider: "cxone",
		Doc: "An account mapping in CXone's Adapters: the Salesforce environment that presence sync signs in to, and the CXone user in whose name it acts. " +
			"Deactivating that user stops the mapping and everything that rests on it. " +
			adaptersDoc,
		Key: "environment",
		Shape: schema.NewShape(
			schema.Argument{
				Name: "environment", Type: schema.TextType(), Computed: true,
				Doc: "The environment's name, by which the mapping is found: `name` in `salesforce_environment`.",
			},
			schema.Argument{
				Name: "access_key_user", Type: schema.TextType(), Required: true, Check: checkNotBlank,
				Doc: "The user name of the CXone user for whom the access key is made (*User for access key*).",
			},
			schema.Argument{
				Name: "access_key_id", Type: schema.TextType(), Computed: true,
				Doc: "The access key that CXone makes when the user is chosen.",
			},
			schema.Argument{
				Name: "salesforce_environment", Required: true, Nested: true,
				Type: schema.Type{Base: schema.RecordType, Shape: environmentShape},
				Doc:  "How CXone signs in to Salesforce.",
			},
		),
		Cannot: []schema.Limit{
			noWriteAPI("create, change or read an account mapping through NICE's API"),
			{
				What: "read back the password and the client secret",
				Why:  "NICE's form takes them and shows them to nobody (VERIFIED for the form; INVENTED for the simulated contract).",
				Then: "A digest of what was sent is kept in the record; without it the plan says that it cannot tell.",
			},
		},
		Deletable: true,
		Removal:   "The account mapping and its Salesforce environment are deleted.",
		Complete:  completeMapping,
		Check:     checkMapping,
	},
	adapters: true,
	read:     readMappings,
	write:    writeMapping,
	guide:    guideMapping,
	advise:   adviseMapping,
}

var environmentShape = schema.NewShape(
	schema.Argument{
		Name: "name", Type: schema.TextType(), DefaultDoc: "the block's label", Check: checkNotBlank,
		Doc: "The environment's name in CXone.",
	},
	schema.Argument{
		Name: "organization_id", Type: schema.TextType(), Check: checkOrganizationID,
		Fact: "salesforce.organization_id", DefaultDoc: "the connected org's",
		Doc: "The Salesforce organization ID: 15 characters; the form of 18 is taken when its checksum is right.",
	},
	schema.Argument{
		Name: "platform", Type: schema.OneOf("production", "sandbox"),
		Fact: "salesforce.platform", DefaultDoc: "the connected org's",
		Doc: "Whether the org is a production org or a sandbox.",
	},
	schema.Argument{
		Name: "username", Type: schema.TextType(), Required: true, Check: checkNotBlank,
		Doc: "The user name of the Salesforce administrator as whom CXone signs in.",
	},
	schema.Argument{
		Name: "password", Type: schema.TextType(), Required: true, Secret: true, WriteOnly: true,
		Doc: "That administrator's password.",
	},
	schema.Argument{
		Name: "client_id", Type: schema.TextType(), Required: true,
		Same: func(wanted, held schema.Value) bool { return revealed(wanted) == revealed(held) },
		Doc:  "The connected app's consumer key.",
	},
	schema.Argument{
		Name: "client_secret", Type: schema.TextType(), Required: true, Secret: true, WriteOnly: true,
		Doc: "The connected app's consumer secret.",
	},
	schema.Argument{
		Name: "email", Required: true, Check: checkEmails,
		Type: schema.Type{Base: schema.SetType, Elem: &schema.Type{Base: schema.StringType}, Single: true},
		Doc:  "The e-mail address that goes with the administrator's account, or a list; CXone writes to it when signing in fails.",
	},
)

// completeMapping names the environment after the block where it has no name of
// its own, makes its name the key, and writes an organization ID of 18
// characters with 15.
func completeMapping(o *schema.Object) {
	env, ok := o.Record.Record("salesforce_environment")
	if !ok {
		return
	}
	if env.Text("name") == "" {
		env.Set("name", schema.String(labelOf(o.Address)))
	}
	o.Set("environment", env.Get("name"))
	if id := env.Text("organization_id"); len(id) == 18 && organizationID(id) == nil {
		env.Set("organization_id", schema.String(id[:15]))
	}
}

// labelOf returns a block's label; of one instance of for_each, its key.
func labelOf(a schema.Address) string {
	_, label, _ := strings.Cut(string(a), ".")
	if _, key, each := strings.Cut(strings.TrimSuffix(label, "]"), "["); each {
		if unquoted, err := strconv.Unquote(key); err == nil {
			return unquoted
		}
	}
	return label
}

func checkMapping(o *schema.Object) schema.Diagnostics {
	env, _ := o.Record.Record("salesforce_environment")
	if env.Shape == nil {
		return nil
	}
	id := env.Text("organization_id")
	if id == "" || organizationID(id) != nil || strings.HasPrefix(id, "00D") {
		return nil
	}
	d := schema.WarningAt(o, "salesforce_environment", "Unusual organization ID",
		fmt.Sprintf("The organization ID %q does not start with 00D, as IDs of Salesforce organizations do. Compare it with Setup > Company Information.", id))
	d.Subject = o.Source.At("salesforce_environment.organization_id")
	return schema.Diagnostics{d}
}

func checkEmails(v schema.Value) string {
	list, _ := v.(schema.List)
	if v != nil && list != nil && len(list) == 0 {
		return "The list is empty, and NICE's form asks for at least one e-mail address."
	}
	for _, e := range list {
		s, ok := e.(schema.String)
		if !ok {
			continue
		}
		if a, err := mail.ParseAddress(string(s)); err != nil || a.Address != string(s) {
			return fmt.Sprintf("%q is no e-mail address. CXone writes to it when signing in to Salesforce fails.", string(s))
		}
	}
	return ""
}

// adviseMapping refuses a mapping whose org nobody has named: neither the block
// nor a connected Salesforce.
func adviseMapping(step *schema.Step) schema.Diagnostics {
	if step.Wanted == nil {
		return nil
	}
	env, _ := step.Wanted.Record.Record("salesforce_environment")
	var diags schema.Diagnostics
	for _, name := range []string{"organization_id", "platform"} {
		if env.Get(name) == nil {
			diags = append(diags, schema.ErrorAt(step.Wanted, "salesforce_environment", "Salesforce org that is not known", fmt.Sprintf(
				"The block leaves out %s, and no Salesforce is connected that could tell. Set it, or add a salesforce provider block.", name)))
		}
	}
	return diags
}

func readMappings(k *kind, l *look) {
	wanted, removed := l.named(k)
	if !l.api {
		l.unseen(k, "NICE publishes no API that shows account mappings")
		return
	}
	for _, env := range l.dir.environments {
		_, declared := wanted[env.Name]
		if !declared && !removed[env.Name] {
			l.held.Unmanaged[k.Name]++
			continue
		}
		l.held.Objects = append(l.held.Objects, mappingObject(k, l.dir, env))
	}
}

// mappingObject reads an environment and the mapping that uses it. Where an
// apply was cut short between the two, there is no mapping and ID is "".
func mappingObject(k *kind, d *directory, env environment) *schema.Object {
	o := schema.NewObject(&k.Kind)
	o.Set("environment", schema.String(env.Name))
	record := schema.NewRecord(environmentShape)
	record.Set("name", schema.String(env.Name))
	record.Set("organization_id", schema.String(env.OrganizationID))
	record.Set("platform", platformWord(env.Platform))
	record.Set("username", schema.String(env.Username))
	record.Set("client_id", schema.String(env.ClientID))
	record.Set("email", schema.Strings(env.Emails...))
	o.Set("salesforce_environment", record)
	if m, ok := d.mappingOf(env.ID); ok {
		o.ID = m.ID
		o.Set("access_key_user", schema.String(d.userName(m.UserID)))
		o.Set("access_key_id", schema.String(m.AccessKeyID))
	}
	return o
}

// writeMapping follows the guide: the environment first, then the mapping that
// uses it; of a mapping that exists only what changed.
func writeMapping(d *directory, step *schema.Step) job {
	if step.Action == schema.Delete {
		return deleteMapping(d, step.Held)
	}
	var calls []call
	id := ""
	if step.Held == nil {
		calls = append(calls, createEnvironment(d, step, &id))
	} else {
		id = d.environmentID(step.Held.Key())
		if changedBelow(step, "salesforce_environment.") {
			calls = append(calls, call{"change the Salesforce environment", func(ctx context.Context, c *Connection) error {
				c.hide(step)
				_, err := c.Put(ctx, environmentsPath+"/"+id, nil, newEnvironment(step))
				return err
			}})
		}
	}
	if step.Held == nil || step.Held.ID == "" {
		calls = append(calls, createMapping(d, step, &id))
	} else if step.Changed("access_key_user") != nil {
		calls = append(calls, changeMapping(d, step, id))
	}
	return inTurn(calls...)
}

func createEnvironment(d *directory, step *schema.Step, id *string) call {
	return call{"create the Salesforce environment", func(ctx context.Context, c *Connection) (err error) {
		env := newEnvironment(step)
		c.hide(step)
		if *id = d.environmentID(env.Name); *id != "" {
			return nil // made before, by a call whose answer was lost
		}
		if *id, err = create(ctx, c, environmentsPath, env, "environmentId"); err != nil {
			return err
		}
		env.ID, env.Password, env.ClientSecret = *id, "", ""
		d.addEnvironment(env)
		return nil
	}}
}

func createMapping(d *directory, step *schema.Step, environmentID *string) call {
	return call{"map the account", func(ctx context.Context, c *Connection) error {
		if _, mapped := d.mappingOf(*environmentID); mapped {
			return nil
		}
		m, err := newMapping(d, step.Wanted, *environmentID)
		if err != nil {
			return err
		}
		if m.ID, err = create(ctx, c, mappingsPath, m, "accountMappingId"); err != nil {
			return err
		}
		d.addMapping(m)
		return nil
	}}
}

func changeMapping(d *directory, step *schema.Step, environmentID string) call {
	return call{"change the access key's user", func(ctx context.Context, c *Connection) error {
		m, err := newMapping(d, step.Wanted, environmentID)
		if err != nil {
			return err
		}
		_, err = c.Put(ctx, mappingsPath+"/"+step.Held.ID, nil, m)
		return err
	}}
}

func newMapping(d *directory, wanted *schema.Object, environmentID string) (mapping, error) {
	name := wanted.Text("access_key_user")
	u := d.keyUser(name)
	if u == nil {
		return mapping{}, fmt.Errorf("there is no user %q", name)
	}
	return mapping{UserID: u.UUID, EnvironmentID: environmentID}, nil
}

func deleteMapping(d *directory, held *schema.Object) job {
	var calls []call
	if held.ID != "" {
		calls = append(calls, remove("delete the account mapping", mappingsPath+"/"+held.ID))
	}
	return inTurn(append(calls, remove("delete the Salesforce environment", environmentsPath+"/"+d.environmentID(held.Key())))...)
}

// newEnvironment is the environment as it goes onto the wire. A secret goes
// with it when the object is new or the secret is what changed.
func newEnvironment(step *schema.Step) environment {
	r, _ := step.Wanted.Record.Record("salesforce_environment")
	env := environment{
		Name: r.Text("name"), OrganizationID: r.Text("organization_id"), Platform: platforms[r.Text("platform")],
		Username: r.Text("username"), ClientID: revealed(r.Get("client_id")), Emails: r.Texts("email"),
	}
	if step.Held == nil || step.Changed("salesforce_environment.password") != nil {
		env.Password = r.Secret("password").Reveal()
	}
	if step.Held == nil || step.Changed("salesforce_environment.client_secret") != nil {
		env.ClientSecret = r.Secret("client_secret").Reveal()
	}
	return env
}

// hide keeps a mapping's secrets out of whatever the vendor answers.
func (c *Connection) hide(step *schema.Step) {
	r, _ := step.Wanted.Record.Record("salesforce_environment")
	c.scrubber.Add(r.Secret("password"), r.Secret("client_secret"))
}

// revealed is a value that may have been given as a secret, such as a consumer
// key from an environment variable.
func revealed(v schema.Value) string {
	if s, ok := v.(schema.Secret); ok {
		return s.Reveal()
	}
	return schema.Text(v)
}

func changedBelow(step *schema.Step, prefix string) bool {
	for _, change := range step.Changes {
		if strings.HasPrefix(change.Path, prefix) {
			return true
		}
	}
	return false
}
