package schema

// A Vendor describes a provider: what its provider block takes and the kinds
// it manages, in the order in which their objects are created.
type Vendor struct {
	Name  string // salesforce
	Title string // Salesforce
	Doc   string
	Shape *Shape // of the provider block
	Kinds []*Kind
}

// A BlockDoc describes a block of the language that is no kind.
type BlockDoc struct {
	Name  string // sync
	Doc   string
	Shape *Shape
}
