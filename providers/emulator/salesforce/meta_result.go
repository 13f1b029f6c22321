package salesforce

import (
	"encoding/xml"
	"strings"
	"time"
)

// The results of deploys, as REST's JSON and SOAP's XML both spell them. The
// fields are in the WSDL's order, which SOAP clients may rely on.

type deployOptions struct {
	AllowMissingFiles bool     `json:"allowMissingFiles"`
	AutoUpdatePackage bool     `json:"autoUpdatePackage"`
	CheckOnly         bool     `json:"checkOnly"`
	IgnoreWarnings    bool     `json:"ignoreWarnings"`
	PerformRetrieve   bool     `json:"performRetrieve"`
	PurgeOnDelete     bool     `json:"purgeOnDelete"`
	RollbackOnError   bool     `json:"rollbackOnError"`
	RunTests          []string `json:"runTests"`
	SinglePackage     bool     `json:"singlePackage"`
	TestLevel         string   `json:"testLevel,omitempty"`
}

// readDeployOptions reads SOAP's form of the options.
func readDeployOptions(n *node) deployOptions {
	is := func(name string) bool { return isTrue(n.get(name)) }
	return deployOptions{
		AllowMissingFiles: is("allowMissingFiles"), AutoUpdatePackage: is("autoUpdatePackage"), CheckOnly: is("checkOnly"),
		IgnoreWarnings: is("ignoreWarnings"), PerformRetrieve: is("performRetrieve"), PurgeOnDelete: is("purgeOnDelete"),
		RollbackOnError: is("rollbackOnError"), RunTests: n.all("runTests"), SinglePackage: is("singlePackage"), TestLevel: n.get("testLevel"),
	}
}

type deployResult struct {
	CanceledBy               string         `json:"canceledBy,omitempty" xml:"canceledBy,omitempty"`
	CanceledByName           string         `json:"canceledByName,omitempty" xml:"canceledByName,omitempty"`
	CheckOnly                bool           `json:"checkOnly" xml:"checkOnly"`
	CompletedDate            string         `json:"completedDate,omitempty" xml:"completedDate,omitempty"`
	CreatedBy                string         `json:"createdBy" xml:"createdBy"`
	CreatedByName            string         `json:"createdByName" xml:"createdByName"`
	CreatedDate              string         `json:"createdDate" xml:"createdDate"`
	Details                  *deployDetails `json:"details,omitempty" xml:"details,omitempty"`
	Done                     bool           `json:"done" xml:"done"`
	ErrorMessage             string         `json:"errorMessage,omitempty" xml:"errorMessage,omitempty"`
	ErrorStatusCode          string         `json:"errorStatusCode,omitempty" xml:"errorStatusCode,omitempty"`
	ID                       string         `json:"id" xml:"id"`
	IgnoreWarnings           bool           `json:"ignoreWarnings" xml:"ignoreWarnings"`
	LastModifiedDate         string         `json:"lastModifiedDate" xml:"lastModifiedDate"`
	NumberComponentErrors    int            `json:"numberComponentErrors" xml:"numberComponentErrors"`
	NumberComponentsDeployed int            `json:"numberComponentsDeployed" xml:"numberComponentsDeployed"`
	NumberComponentsTotal    int            `json:"numberComponentsTotal" xml:"numberComponentsTotal"`
	NumberTestErrors         int            `json:"numberTestErrors" xml:"numberTestErrors"`
	NumberTestsCompleted     int            `json:"numberTestsCompleted" xml:"numberTestsCompleted"`
	NumberTestsTotal         int            `json:"numberTestsTotal" xml:"numberTestsTotal"`
	RollbackOnError          bool           `json:"rollbackOnError" xml:"rollbackOnError"`
	RunTestsEnabled          bool           `json:"runTestsEnabled" xml:"runTestsEnabled"`
	StartDate                string         `json:"startDate,omitempty" xml:"startDate,omitempty"`
	Status                   string         `json:"status" xml:"status"`
	Success                  bool           `json:"success" xml:"success"`
}

type deployDetails struct {
	ComponentFailures  []deployMessage `json:"componentFailures" xml:"componentFailures"`
	ComponentSuccesses []deployMessage `json:"componentSuccesses" xml:"componentSuccesses"`
	RunTestResult      runTestResult   `json:"runTestResult" xml:"runTestResult"`
}

// runTestResult says that no Apex tests ran: the emulator has no Apex.
type runTestResult struct {
	NumFailures int     `json:"numFailures" xml:"numFailures"`
	NumTestsRun int     `json:"numTestsRun" xml:"numTestsRun"`
	TotalTime   float64 `json:"totalTime" xml:"totalTime"`
}

// A deployMessage is what became of one component.
type deployMessage struct {
	Changed       bool   `json:"changed" xml:"changed"`
	ColumnNumber  int    `json:"columnNumber,omitempty" xml:"columnNumber,omitempty"`
	ComponentType string `json:"componentType" xml:"componentType"`
	Created       bool   `json:"created" xml:"created"`
	CreatedDate   string `json:"createdDate" xml:"createdDate"`
	Deleted       bool   `json:"deleted" xml:"deleted"`
	FileName      string `json:"fileName" xml:"fileName"`
	FullName      string `json:"fullName" xml:"fullName"`
	ID            string `json:"id,omitempty" xml:"id,omitempty"`
	LineNumber    int    `json:"lineNumber,omitempty" xml:"lineNumber,omitempty"`
	Problem       string `json:"problem,omitempty" xml:"problem,omitempty"`
	ProblemType   string `json:"problemType,omitempty" xml:"problemType,omitempty"`
	Success       bool   `json:"success" xml:"success"`
}

// metaTime is how the Metadata API writes times.
func metaTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// rowTime writes the time of a record's system field as the Metadata API does.
func rowTime(stamp string) string { return strings.TrimSuffix(stamp, "+0000") + "Z" }

// asNode makes an element of a Go value by its xml tags.
func asNode(name string, v any) *node {
	var b strings.Builder
	encoder := xml.NewEncoder(&b)
	if err := encoder.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
		panic("salesforce emulator: encode " + name + ": " + err.Error()) // no result has a type that cannot be encoded
	}
	return &node{name: name, raw: b.String()}
}
