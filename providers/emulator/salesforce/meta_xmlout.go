package salesforce

import "strings"

// inner returns the children as XML without line breaks: the form in which
// components are stored, compared, and put into SOAP answers.
func (n *node) inner() string {
	var b strings.Builder
	for _, c := range n.children {
		c.write(&b)
	}
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	if n.raw != "" {
		b.WriteString(n.raw)
		return
	}
	b.WriteString("<" + n.name)
	if n.xsiType != "" {
		b.WriteString(` xsi:type="`)
		escape(b, n.xsiType)
		b.WriteString(`"`)
	}
	if n.isNil {
		b.WriteString(` xsi:nil="true"`)
	}
	if len(n.children) == 0 && n.text == "" {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	escape(b, n.text)
	for _, c := range n.children {
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

// file returns the node as a metadata file, indented by four spaces as the
// vendor's retrieve does.
func (n *node) file() []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	b.WriteString("<" + n.name + ` xmlns="` + metadataNS + `"`)
	if n.hasXsiType() {
		b.WriteString(` xmlns:xsi="` + xsiNS + `"`)
	}
	b.WriteString(">\n")
	for _, c := range n.children {
		c.indent(&b, "    ")
	}
	b.WriteString("</" + n.name + ">\n")
	return []byte(b.String())
}

func (n *node) hasXsiType() bool {
	for _, c := range n.children {
		if c.xsiType != "" || c.isNil || c.hasXsiType() {
			return true
		}
	}
	return false
}

func (n *node) indent(b *strings.Builder, margin string) {
	b.WriteString(margin)
	if len(n.children) == 0 {
		n.write(b)
		b.WriteString("\n")
		return
	}
	open := *n
	open.children, open.text = nil, ""
	var tag strings.Builder
	open.write(&tag)
	b.WriteString(strings.TrimSuffix(tag.String(), "/>") + ">\n")
	for _, c := range n.children {
		c.indent(b, margin+"    ")
	}
	b.WriteString(margin + "</" + n.name + ">\n")
}

// escape writes text so that it reads back as the same bytes; a line feed
// stays as it is, so that certificates remain readable.
func escape(b *strings.Builder, text string) {
	_, _ = xmlEscapes.WriteString(b, text) // a Builder never errs
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")
