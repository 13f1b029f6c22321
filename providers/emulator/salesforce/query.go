package salesforce

// A cursor is a query whose later pages have not been asked for yet.
type cursor struct{}
