package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// fileVersion is the layout that this program writes: see the buckets below
// and in tenant.
const fileVersion = 1

var (
	bucketMeta    = []byte("lockstep") // what makes the file ours; its sequence counts epochs
	keyVersion    = []byte("version")
	bucketTenants = []byte("tenants")
)

// lockPatience is how long a file in use is waited for: the time a process
// that was told to end takes to do so.
const lockPatience = 500 * time.Millisecond

// A File is a store in one file, for one process at a time. A commit is on
// disk when it returns.
//
// Its leases live as long as the process: the lock on the file proves that
// whoever held one before is gone, so a restart waits for nobody. Epochs go on
// growing.
type File struct {
	path string
	file *os.File // as bbolt opened it
	db   *bolt.DB

	// write is held by whatever changes the file or the leases, so that a fence
	// cannot fall between its check and the commit.
	write sync.Mutex
	// reading is held by whoever reads, and alone by what overwrites pages that
	// readers may still see.
	reading sync.RWMutex
	leases  map[string]Lease
	closed  bool
	broken  error // after which nothing is written any more

	damaged atomic.Bool // after which nothing is read either
}

var _ Store = (*File)(nil)

// OpenFile opens the store at path and makes it when it is not there. Another
// process that has it open is ErrLocked and named.
func OpenFile(path string) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f := &File{path: path, leases: map[string]Lease{}}
	if err := guard(f.open); err != nil {
		f.leave(err)
		return nil, f.explain(err)
	}
	if err := f.sign(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// leave lets go of a file that cannot be used. While bbolt has it mapped to
// memory, closing it is not enough to give up the lock.
func (f *File) leave(because error) {
	switch {
	case f.db != nil && !errors.Is(because, errGaveUp):
		_ = f.db.Close() // nothing was written
	case f.file != nil:
		_ = f.file.Close() // bbolt closes it as well, unless it gave up
	}
}

func (f *File) open() error {
	db, err := bolt.Open(f.path, 0o600, &bolt.Options{
		Timeout:      lockPatience,
		FreelistType: bolt.FreelistMapType, // the list of free pages is long after a trim
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file, err := os.OpenFile(name, flag, mode)
			f.file = file
			return file, err
		},
	})
	if err != nil {
		return err
	}
	f.db = db
	if err := db.View(f.checkLength); err != nil {
		return err
	}
	err = db.View(recognise)
	if errors.Is(err, errNew) {
		return db.Update(create)
	}
	return err
}

// checkLength refuses a file that lost its end. bbolt would find out in the
// middle of the day, by a fault of the memory that the file is mapped to.
func (f *File) checkLength(tx *bolt.Tx) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: cut short, %d bytes of %d are left", ErrCorrupt, info.Size(), tx.Size())
	}
	return nil
}

// errNew: there is nothing in the file yet.
var errNew = errors.New("the file is empty")

// recognise checks that the file is ours and of this version.
func recognise(tx *bolt.Tx) error {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		if first, _ := tx.Cursor().First(); first != nil {
			return errors.New("this is a database of some other program")
		}
		return errNew
	}
	version := meta.Get(keyVersion)
	if len(version) != 8 {
		return fmt.Errorf("%w: it says no version", ErrCorrupt)
	}
	if v := binary.BigEndian.Uint64(version); v > fileVersion {
		return fmt.Errorf("%w: version %d, this one knows %d", ErrNewer, v, fileVersion)
	}
	return nil
}

func create(tx *bolt.Tx) error {
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	if err := meta.Put(keyVersion, binary.BigEndian.AppendUint64(nil, fileVersion)); err != nil {
		return err
	}
	_, err = tx.CreateBucket(bucketTenants)
	return err
}

// explain says in our words what bbolt says of a file that it cannot open.
func (f *File) explain(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s: %w by %s", f.path, ErrLocked, f.holder())
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%s: %w; put a copy in its place, or move it away and start without memory", f.path, err)
	}
	if errors.Is(err, ErrNewer) {
		return fmt.Errorf("%s: %w; use that Lockstep, or a store of its own for this one", f.path, err)
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// The holder of the lock signs a file beside the store, because the lock
// itself does not tell on every system whose it is. The signature of a process
// that was killed stays, and is only read when the lock is held.
func (f *File) signature() string { return f.path + ".holder" }

func (f *File) sign() error {
	text := fmt.Sprintf("process %d (%s)\n", os.Getpid(), filepath.Base(os.Args[0]))
	return os.WriteFile(f.signature(), []byte(text), 0o600)
}

func (f *File) holder() string {
	text, err := os.ReadFile(f.signature())
	if err != nil {
		return "another process"
	}
	return strings.TrimSpace(string(text))
}

// Close waits for what is being written and lets other processes in.
func (f *File) Close() error {
	f.write.Lock()
	defer f.write.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	_ = os.Remove(f.signature()) // a comfort; the lock is what counts
	if f.damaged.Load() {
		// bbolt may have left its own locks held where it gave up. The memory
		// that the file is mapped to keeps other processes out until this one
		// ends, which is what is left to do.
		return f.file.Close()
	}
	return f.db.Close()
}
