package store

import "iter"

// pageSize is how many rows are read at once.
const pageSize = 1000

// paged makes a sequence of reads of one page each, the next from behind the
// last row of the one before. A reader that is slow, or never comes back,
// keeps no transaction open: in a file that would stop freed pages from being
// used again, in a database dead rows from being swept.
func paged[T any](read func(last *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last *T
		for {
			page, err := read(last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			last = &page[len(page)-1]
		}
	}
}

// whole makes a sequence of one page.
func whole[T any](page []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, row := range page {
			if !yield(row, nil) {
				return
			}
		}
	}
}
