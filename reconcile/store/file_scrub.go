package store

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// scrubPages is how many pages are looked at while writers and readers wait.
const scrubPages = 4096

// scrub overwrites the pages that hold nothing any more: bbolt leaves in them
// what they held, and who is forgotten is to be in no byte of the file. What
// becomes free meanwhile cannot hold what was erased before.
func (f *File) scrub() error {
	for from, more := 0, true; more; from += scrubPages {
		var err error
		if more, err = f.scrubSome(from); err != nil {
			return fmt.Errorf("%s: overwrite what is erased: %w", f.path, err)
		}
	}
	return f.file.Sync()
}

// scrubSome reports whether there are pages behind those that it looked at.
//
// No reader may be under way: to one that began before the last commit, pages
// that are free now are not. Nor can a crash bring them back: that commit is on
// disk, and the file opens at the last one that is.
func (f *File) scrubSome(from int) (more bool, err error) {
	f.write.Lock()
	defer f.write.Unlock()
	f.reading.Lock()
	defer f.reading.Unlock()
	switch {
	case f.closed:
		return false, errClosed
	case f.broken != nil:
		return false, f.broken
	}
	err = guard(func() error {
		return f.db.View(func(tx *bolt.Tx) error {
			more, err = f.overwriteFree(tx, from)
			return err
		})
	})
	return more, err
}

func (f *File) overwriteFree(tx *bolt.Tx, from int) (more bool, err error) {
	zeros := make([]byte, f.db.Info().PageSize)
	for id := from; id < from+scrubPages; id++ {
		page, err := tx.Page(id)
		if page == nil || err != nil {
			return false, err
		}
		if page.Type != "free" {
			continue
		}
		if _, err := f.file.WriteAt(zeros, int64(id)*int64(len(zeros))); err != nil {
			return false, err
		}
	}
	return true, nil
}
