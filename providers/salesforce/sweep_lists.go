package salesforce

import (
	"net/url"
	"strings"
)

// quotedLists writes values as SOQL literals into comma-separated lists, each
// at most so long as room when encoded.
func quotedLists(values []string, room int) []string {
	var lists []string
	var list strings.Builder
	used := 0
	for _, v := range values {
		literal := Quote(v)
		size := len(url.QueryEscape(literal + ","))
		if used > 0 && used+size > room {
			lists = append(lists, list.String())
			list.Reset()
			used = 0
		}
		if used > 0 {
			list.WriteByte(',')
		}
		list.WriteString(literal)
		used += size
	}
	if used > 0 {
		lists = append(lists, list.String())
	}
	return lists
}

// answerPage decodes one query's answer out of a composite call.
func answerPage[T any](answer Subresponse) (Children[T], error) {
	if answer.Err != nil {
		return Children[T]{}, answer.Err
	}
	return pageOf[T](answer.Body)
}
