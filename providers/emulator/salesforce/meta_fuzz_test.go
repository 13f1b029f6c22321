package salesforce

import (
	"archive/zip"
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzEnvelope: whatever comes, the answer is an operation in the namespace or
// a fault, and what was understood is written and read again unchanged.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`<e:Envelope xmlns:e="` + soapNS + `"><e:Header xmlns="` + metadataNS + `"><SessionHeader><sessionId>T</sessionId></SessionHeader></e:Header>` +
		`<e:Body xmlns="` + metadataNS + `"><upsertMetadata><metadata xmlns:x="` + xsiNS + `" x:type="m:Profile"><fullName>A&amp;B</fullName><d x:nil="1"/></metadata></upsertMetadata></e:Body></e:Envelope>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Add([]byte(`<a><b>c</a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parseEnvelope(body, metadataNS)
		if err != nil {
			if _, ok := errors.AsType[*fault](err); !ok {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		if e.operation.space != metadataNS {
			t.Fatalf("operation in %q", e.operation.space)
		}
		inner := e.operation.inner()
		again, err := parseInner("again", inner)
		if err != nil {
			t.Fatalf("%v in %q", err, inner)
		}
		if diff := cmp.Diff(inner, again.inner()); diff != "" {
			t.Fatalf("written and read (-first +second):\n%s", diff)
		}
	})
}

// FuzzPackage: a package is understood or refused with a problem, within its
// limits, and its files keep their bytes.
func FuzzPackage(f *testing.F) {
	pack := func(names ...string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range names {
			entry, err := w.Create(name)
			if err == nil {
				_, err = entry.Write([]byte(`<Package xmlns="` + metadataNS + `"><types><members>*</members><name>Profile</name></types><version>67.0</version></Package>`))
			}
			if err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		return b.Bytes()
	}
	f.Add(pack("package.xml", "destructiveChanges.xml", "profiles/Admin.profile"), true)
	f.Add(pack("unpackaged/package.xml", "../package.xml", "profiles/x"), false)
	f.Add([]byte("PK"), true)
	f.Fuzz(func(t *testing.T, archive []byte, single bool) {
		p, problem := openPackage(archive, single)
		if problem != nil {
			if problem.code == "" || problem.text == "" {
				t.Fatalf("a problem without words: %+v", problem)
			}
			return
		}
		if p.manifest == nil || len(p.files) > maxFiles {
			t.Fatalf("%d files, manifest %v", len(p.files), p.manifest)
		}
		again, problem := openPackage(archive, single)
		if problem != nil {
			t.Fatalf("the second time: %+v", problem)
		}
		if diff := cmp.Diff(p.files, again.files, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}
