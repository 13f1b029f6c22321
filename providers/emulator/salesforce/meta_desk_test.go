package salesforce_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

const envelopeNS = "http://schemas.xmlsoap.org/soap/envelope/"
const metaNS = "http://soap.sforce.com/2006/04/metadata"

// An elem is any XML element of an answer.
type elem struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Kids    []elem     `xml:",any"`
}

// all returns the elements at a path of local names.
func (e elem) all(path string) []elem {
	name, rest, deeper := strings.Cut(path, "/")
	var found []elem
	for _, kid := range e.Kids {
		if kid.XMLName.Local != name {
			continue
		}
		if !deeper {
			found = append(found, kid)
			continue
		}
		found = append(found, kid.all(rest)...)
	}
	return found
}

func (e elem) text(path string) string {
	if found := e.all(path); len(found) > 0 {
		return found[0].Text
	}
	return ""
}

func (e elem) texts(path string) []string {
	var texts []string
	for _, found := range e.all(path) {
		texts = append(texts, found.Text)
	}
	return texts
}

func (e elem) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// post sends an envelope as it is and returns the body's first element.
func (d *desk) post(path, envelope string, headers ...string) (int, elem) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://acme.my.salesforce.com"+path, strings.NewReader(envelope))
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.org.ServeHTTP(w, r)
	var answer elem
	if err := xml.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		d.t.Fatalf("%s: %d: %v in %s", path, w.Code, err, w.Body)
	}
	body := answer.all("Body")
	if len(body) != 1 || len(body[0].Kids) != 1 {
		d.t.Fatalf("%s: %d: no body in %s", path, w.Code, w.Body)
	}
	return w.Code, body[0].Kids[0]
}

// envelope wraps an operation the way jsforce does.
func (d *desk) envelope(operation string, headers ...string) string {
	return `<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="` + envelopeNS + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<soapenv:Header xmlns="` + metaNS + `"><SessionHeader><sessionId>` + d.token + `</sessionId></SessionHeader>` + strings.Join(headers, "") + `</soapenv:Header>` +
		`<soapenv:Body xmlns="` + metaNS + `">` + operation + `</soapenv:Body></soapenv:Envelope>`
}

// soap calls an operation and returns its answer or fault.
func (d *desk) soap(operation string, headers ...string) elem {
	d.t.Helper()
	_, answer := d.post("/services/Soap/m/67.0", d.envelope(operation, headers...))
	return answer
}

// read returns one component as readMetadata shows it.
func (d *desk) read(typeName, fullName string) elem {
	d.t.Helper()
	answer := d.soap("<readMetadata><type>" + typeName + "</type><fullNames>" + fullName + "</fullNames></readMetadata>")
	records := answer.all("result/records")
	if len(records) != 1 {
		d.t.Fatalf("read %s %s: %+v", typeName, fullName, answer)
	}
	return records[0]
}

// files are a package's, by path.
type files map[string]string

func metaFile(typeName, content string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><` + typeName + ` xmlns="` + metaNS + `">` + content + `</` + typeName + `>`
}

// manifest writes a package.xml; each word is Type:Member.
func manifest(version string, words ...string) string {
	var b strings.Builder
	for _, word := range words {
		name, member, _ := strings.Cut(word, ":")
		b.WriteString("<types><members>" + member + "</members><name>" + name + "</name></types>")
	}
	return metaFile("Package", b.String()+"<version>"+version+"</version>")
}

// zipped packs files in the order of their names.
func (f files) zipped(t testing.TB) []byte {
	t.Helper()
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		entry, err := w.Create(name)
		if err == nil {
			_, err = entry.Write([]byte(f[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A message is what became of one component of a deploy.
type message struct {
	FileName, FullName, ComponentType string
	Created, Changed, Deleted         bool
	Success                           bool
	Problem, ProblemType              string
	LineNumber, ColumnNumber          int
}

// state is the message as people speak of it.
func (m message) state() string {
	switch {
	case !m.Success:
		return "Failed: " + m.Problem
	case m.Deleted:
		return "Deleted"
	case m.Created:
		return "Created"
	case m.Changed:
		return "Changed"
	}
	return "Unchanged"
}

// A deployed is the answer to a poll.
type deployed struct {
	ID           string
	DeployResult struct {
		Status, ErrorMessage, ErrorStatusCode           string
		Done, Success, CheckOnly                        bool
		NumberComponentErrors                           int
		NumberComponentsDeployed, NumberComponentsTotal int
		Details                                         struct{ ComponentSuccesses, ComponentFailures []message }
	}
}

// states is "Type Name" to state, without package.xml.
func (r deployed) states() map[string]string {
	states := map[string]string{}
	for _, m := range slices.Concat(r.DeployResult.Details.ComponentSuccesses, r.DeployResult.Details.ComponentFailures) {
		if m.Success && m.FullName == "package.xml" {
			continue
		}
		states[strings.TrimSpace(m.ComponentType+" "+m.FullName)] = m.state()
	}
	return states
}

const atomic = `{"rollbackOnError":true,"singlePackage":true}`

// start sends a deploy and returns the HTTP status and answer.
func (d *desk) start(content []byte, options string) (int, []byte) {
	d.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part := func(disposition, contentType string, content []byte) {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}})
		if err == nil {
			_, err = p.Write(content)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	// As jsforce and sf send it: the zip is called package.xml.
	part(`form-data; name="file"; filename="package.xml"`, "application/zip", content)
	part(`form-data; name="entity_content"`, "application/json", []byte(`{"deployOptions":`+options+`}`))
	if err := w.Close(); err != nil {
		d.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://acme.my.salesforce.com"+v67+"/metadata/deployRequest", &b)
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("Content-Type", w.FormDataContentType())
	rec := httptest.NewRecorder()
	d.org.ServeHTTP(rec, r)
	return rec.Code, rec.Body.Bytes()
}

// await polls a deploy until it is done.
func (d *desk) await(answer []byte) deployed {
	d.t.Helper()
	var result deployed
	if err := json.Unmarshal(answer, &result); err != nil {
		d.t.Fatalf("%v in %s", err, answer)
	}
	for range 10 {
		result = d.poll(result.ID)
		if result.DeployResult.Done {
			return result
		}
	}
	d.t.Fatalf("deploy %s does not end", result.ID)
	return result
}

func (d *desk) poll(id string) deployed {
	d.t.Helper()
	w := d.raw(http.MethodGet, v67+"/metadata/deployRequest/"+id+"?includeDetails=true", nil)
	var result deployed
	if err := json.Unmarshal(w.Body.Bytes(), &result); err != nil {
		d.t.Fatalf("%d: %v in %s", w.Code, err, w.Body)
	}
	return result
}

// deploy sends files and waits for the end.
func (d *desk) deploy(f files, options string) deployed {
	d.t.Helper()
	status, answer := d.start(f.zipped(d.t), options)
	if status != http.StatusCreated {
		d.t.Fatalf("deploy: %d %s", status, answer)
	}
	return d.await(answer)
}

// one deploys a single component and returns what became of it.
func (d *desk) one(typeName, path, fullName, content string) string {
	d.t.Helper()
	result := d.deploy(files{"package.xml": manifest("67.0", typeName+":"+fullName), path: metaFile(typeName, content)}, atomic)
	return result.states()[typeName+" "+fullName]
}
