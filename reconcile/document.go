package reconcile

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

// DocumentVersion is the version of a plan's JSON form. The minor number grows
// when something is added, the major one when a reader must change.
const DocumentVersion = "1.0"

// maxDocument bounds a plan file; a plan of a million steps is smaller.
const maxDocument = 1 << 30

// A Document is a plan as JSON: what -out keeps and what -format=json prints.
// It holds no secret, and the same plan gives the same bytes.
type Document struct {
	FormatVersion string            `json:"format_version"`
	Version       string            `json:"lockstep_version"`
	Where         map[string]string `json:"where"`
	Steps         []DocumentStep    `json:"steps"`
	Notes         []DocumentNote    `json:"notes"`
	Unmanaged     map[string]int    `json:"unmanaged"`
	// Rewrite lists the blocks whose write-only values are sent again.
	Rewrite []schema.Address `json:"rewrite,omitempty"`
	Summary DocumentSummary  `json:"summary"`
	// Forecast is the number of vendor calls that apply makes, polling and
	// read-back apart.
	Forecast int `json:"forecast_calls"`
	// Fallback is the number of calls that come on top, should a vendor refuse
	// what it cannot be known to accept.
	Fallback int `json:"fallback_calls,omitempty"`
	// Digest covers everything above.
	Digest string `json:"digest"`
}

// A DocumentStep is one step.
type DocumentStep struct {
	Action  string           `json:"action"`
	Address schema.Address   `json:"address"`
	Kind    string           `json:"kind"`
	Key     string           `json:"key"`
	Changes []DocumentChange `json:"changes,omitempty"`
	Needs   []schema.Address `json:"needs,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Warn    []string         `json:"warnings,omitempty"`
	Guide   []DocumentGuide  `json:"guide,omitempty"`
	Source  string           `json:"source,omitempty"` // file:line
	Changed *DocumentSeen    `json:"last_changed,omitempty"`
	// Wanted and Held are digests of what the block wants and of what the plan
	// saw, without secrets.
	Wanted string `json:"wanted_digest"`
	Held   string `json:"held_digest"`
}

// A DocumentChange is one argument. A secret shows neither value; an unknown
// one is known after apply.
type DocumentChange struct {
	Path    string `json:"path"`
	Wanted  any    `json:"wanted,omitempty"`
	Held    any    `json:"held,omitempty"`
	Secret  bool   `json:"secret,omitempty"`
	Unknown bool   `json:"known_after_apply,omitempty"`
	Note    string `json:"note,omitempty"`
	Source  string `json:"source,omitempty"`
}

// A DocumentGuide is one line of a click path.
type DocumentGuide struct {
	Text   string `json:"text"`
	Value  any    `json:"value,omitempty"`
	Secret string `json:"secret_source,omitempty"`
	// Unknown marks a value that is known after apply.
	Unknown bool `json:"known_after_apply,omitempty"`
}

// A DocumentNote is one note.
type DocumentNote struct {
	Address schema.Address `json:"address,omitempty"`
	Text    string         `json:"text"`
}

// A DocumentSeen says who changed the held object last.
type DocumentSeen struct {
	By string `json:"by,omitempty"`
	At string `json:"at,omitempty"`
}

// A DocumentSummary counts steps by action.
type DocumentSummary struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Manual  int `json:"manual"`
}

// Document returns the plan in its JSON form. Version is Lockstep's own.
func (p *Plan) Document(version string) Document {
	d := Document{
		FormatVersion: DocumentVersion, Version: version, Where: p.Where, Unmanaged: p.Unmanaged, Rewrite: p.rewrite, Forecast: p.Forecast, Fallback: p.Fallback,
		Steps: []DocumentStep{}, Notes: []DocumentNote{},
		Summary: DocumentSummary{
			p.Count(schema.Create), p.Count(schema.Update), p.Count(schema.Replace), p.Count(schema.Delete), p.Count(schema.Manual),
		},
	}
	for _, step := range p.Steps {
		d.Steps = append(d.Steps, documentStep(step))
	}
	for _, note := range p.Notes {
		d.Notes = append(d.Notes, DocumentNote(note))
	}
	d.Digest = d.digest()
	return d
}

func documentStep(step *schema.Step) DocumentStep {
	d := DocumentStep{
		Action: step.Action.String(), Address: step.Address, Kind: step.Kind.Name, Needs: step.Needs,
		Reason: step.Reason, Warn: step.Warnings, Source: step.Removal.String(),
		Wanted: digestOf(step.Wanted), Held: digestOf(step.Held),
	}
	if step.Wanted != nil {
		d.Key = step.Wanted.Key()
		d.Source = step.Wanted.Range("").String()
	}
	if step.Held != nil {
		d.Key = step.Held.Key()
		if step.Held.Seen != (schema.LastChange{}) {
			d.Changed = &DocumentSeen{step.Held.Seen.By, step.Held.Seen.At}
		}
	}
	for _, change := range step.Changes {
		d.Changes = append(d.Changes, documentChange(change))
	}
	for _, line := range step.Guide {
		d.Guide = append(d.Guide, documentGuide(line))
	}
	return d
}

func documentChange(change schema.Change) DocumentChange {
	d := DocumentChange{
		Path: change.Path, Secret: change.Secret, Note: change.Note, Source: change.Source.String(),
		Unknown: !schema.Known(change.Wanted),
	}
	if !change.Secret {
		d.Wanted, d.Held = plain(change.Wanted), plain(change.Held)
	}
	return d
}

func documentGuide(line schema.Instruction) DocumentGuide {
	if secret, ok := line.Value.(schema.Secret); ok {
		return DocumentGuide{Text: line.Text, Secret: secret.Source()}
	}
	return DocumentGuide{Text: line.Text, Value: plain(line.Value), Unknown: !schema.Known(line.Value)}
}

// plain turns a value into what encoding/json writes; a secret cannot show
// itself.
func plain(v schema.Value) any {
	switch v := v.(type) {
	case nil, schema.Unknown, schema.Later:
		return nil
	case schema.Bool:
		return bool(v)
	case schema.Int:
		return int64(v)
	case schema.List:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	case schema.Record:
		fields := map[string]any{}
		for i := range v.Shape.Arguments {
			if v.At(i) != nil {
				fields[v.Shape.Arguments[i].Name] = plain(v.At(i))
			}
		}
		return fields
	}
	return schema.Text(v)
}

func (d Document) digest() string {
	d.Digest = ""
	text, err := json.Marshal(d)
	if err != nil {
		panic("reconcile: a document that is not JSON: " + err.Error())
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(text))
}

// Encode returns the document's bytes.
func (d Document) Encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		panic("reconcile: a document that is not JSON: " + err.Error())
	}
	return b.Bytes()
}

// DecodeDocument reads a kept plan and checks that it is whole.
func DecodeDocument(text []byte) (Document, error) {
	if len(text) > maxDocument {
		return Document{}, errors.New("read plan file: larger than 1 GiB")
	}
	var version struct {
		FormatVersion string `json:"format_version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return Document{}, fmt.Errorf("read plan file: %w", err)
	}
	if version.FormatVersion != DocumentVersion {
		return Document{}, fmt.Errorf("read plan file: format version %q, this Lockstep reads %q; plan again", version.FormatVersion, DocumentVersion)
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return Document{}, fmt.Errorf("read plan file: %w", err)
	}
	if d.Digest != d.digest() {
		return Document{}, errors.New("read plan file: its digest does not match its content; it was cut short or edited, plan again")
	}
	return d, nil
}
