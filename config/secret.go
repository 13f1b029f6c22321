package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/zalando/go-keyring"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/lockstep-sync/lockstep/schema"
)

// execTimeout bounds how long a command of secret("exec:…") may take.
const execTimeout = 30 * time.Second

// The variables that hold the identity for age files, or name its file.
const (
	ageKeyVariable     = "LOCKSTEP_AGE_KEY"
	ageKeyFileVariable = "LOCKSTEP_AGE_KEY_FILE"
)

// secretFunction makes secret("scheme:rest"). Its value is marked, so that it
// can only land in a secret argument.
func (l *loader) secretFunction() function.Function {
	return textFunction("source", cty.String, func(from string) (cty.Value, error) {
		scheme, rest, ok := strings.Cut(from, ":")
		source, err := secretSource(scheme, rest)
		if !ok || err != nil {
			return cty.NilVal, errors.New(`a secret's source is "env:NAME", "file:PATH", "age:PATH", "keyring:SERVICE/USER" or "exec:COMMAND"`)
		}
		if l.options.Offline {
			return cty.UnknownVal(cty.String).Mark(secretMark{source}), nil
		}
		value, err := l.secretOnce(scheme, rest)
		if err != nil {
			return cty.NilVal, fmt.Errorf("%s: %w", source, err)
		}
		return cty.StringVal(value).Mark(secretMark{source}), nil
	})
}

// secretSource says where a secret comes from, for people. The arguments of a
// command are left out, because they may be secret themselves.
func secretSource(scheme, rest string) (string, error) {
	if rest == "" {
		return "", errors.New("empty")
	}
	switch scheme {
	case "env":
		return "environment variable " + rest, nil
	case "file":
		return "file " + rest, nil
	case "age":
		return "age file " + rest, nil
	case "keyring":
		return "key store entry " + rest, nil
	case "exec":
		command, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		return "command " + command, nil
	}
	return "", errors.New("unknown")
}

// A fetched is the outcome of asking for one secret.
type fetched struct {
	value string
	err   error
}

// secretOnce asks for each secret once, however many blocks use it.
func (l *loader) secretOnce(scheme, rest string) (string, error) {
	l.secretsMu.Lock()
	defer l.secretsMu.Unlock()
	key := scheme + ":" + rest
	if f, ok := l.fetched[key]; ok {
		return f.value, f.err
	}
	value, err := l.fetchSecret(scheme, rest)
	if err == nil && value == "" {
		err = errors.New("it is empty")
	}
	l.fetched[key] = fetched{value, err}
	l.secrets = append(l.secrets, value)
	return value, err
}

func (l *loader) fetchSecret(scheme, rest string) (string, error) {
	switch scheme {
	case "env":
		value, ok := l.environ[rest]
		if !ok {
			return "", errors.New("it is not set; set it before running Lockstep")
		}
		return value, nil
	case "file":
		return l.secretFile(l.relative(rest))
	case "age":
		return l.ageFile(l.relative(rest))
	case "keyring":
		return l.keyringEntry(rest)
	}
	return l.execSecret(rest)
}

// secretFile reads a file, less the newline that editors add at its end.
func (l *loader) secretFile(path string) (string, error) {
	src, problem := readFile(path, maxIncluded)
	if problem != nil {
		return "", errors.New(lowerFirst(problem.Detail))
	}
	l.warnIfReadable(path)
	return strings.TrimSuffix(strings.TrimSuffix(string(src), "\n"), "\r"), nil
}

// warnIfReadable warns when everybody on the machine can read a secret.
func (l *loader) warnIfReadable(path string) {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o004 == 0 {
		return
	}
	l.fileWarnings = append(l.fileWarnings, schema.Diagnostic{
		Severity: schema.Warning, Summary: "Secret file readable by everyone",
		Detail: fmt.Sprintf("The file %s holds a secret and every user of this machine may read it. Take that away with\n\n    chmod 600 %s", path, path),
	})
}

// ageFile decrypts a file, armored or not.
func (l *loader) ageFile(path string) (string, error) {
	identities, err := l.ageIdentities()
	if err != nil {
		return "", err
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return "", errors.New(lowerFirst(unreadable(path, err).Detail))
	}
	defer f.Close() //nolint:errcheck // nothing was written
	src, err := io.ReadAll(io.LimitReader(f, 2*maxIncluded))
	if err != nil {
		return "", errors.New(lowerFirst(unreadable(path, err).Detail))
	}
	var in io.Reader = bytes.NewReader(src)
	if bytes.HasPrefix(bytes.TrimSpace(src), []byte(armor.Header)) {
		in = armor.NewReader(bytes.NewReader(bytes.TrimSpace(src)))
	}
	plain, err := age.Decrypt(in, identities...)
	if err != nil {
		return "", fmt.Errorf("decrypt: %w", err)
	}
	value, err := io.ReadAll(io.LimitReader(plain, maxIncluded))
	if err != nil {
		return "", fmt.Errorf("decrypt: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(value), "\n"), "\r"), nil
}

func (l *loader) ageIdentities() ([]age.Identity, error) {
	keys := l.environ[ageKeyVariable]
	if keys == "" {
		path := l.environ[ageKeyFileVariable]
		if path == "" {
			return nil, fmt.Errorf("no identity to decrypt with; set %s to an age identity, or %s to the file that holds it", ageKeyVariable, ageKeyFileVariable)
		}
		var err error
		if keys, err = l.secretFile(path); err != nil {
			return nil, fmt.Errorf("%s: %w", ageKeyFileVariable, err)
		}
	}
	identities, err := age.ParseIdentities(strings.NewReader(keys))
	if err != nil {
		// The library's error quotes the line, which is the key.
		return nil, fmt.Errorf("the identity in %s or %s is not one of age's; it starts with AGE-SECRET-KEY-1", ageKeyVariable, ageKeyFileVariable)
	}
	return identities, nil
}

func (l *loader) keyringEntry(entry string) (string, error) {
	service, user, ok := strings.Cut(entry, "/")
	if !ok || service == "" || user == "" {
		return "", errors.New("an entry is named SERVICE/USER")
	}
	get := l.options.keyring
	if get == nil {
		get = keyring.Get
	}
	value, err := get(service, user)
	if err != nil {
		return "", fmt.Errorf("the key store of this machine: %w", err)
	}
	return value, nil
}

// execSecret runs a command, without a shell, and takes what it writes to
// standard output. What it writes to standard error is not repeated, because
// it may hold the secret.
func (l *loader) execSecret(command string) (string, error) {
	if !l.options.AllowExec {
		return "", errors.New("secrets from commands are off, because a configuration could then run anything; allow them with -allow-exec")
	}
	words := strings.Fields(command)
	if len(words) == 0 {
		return "", errors.New("no command is named")
	}
	ctx, cancel := context.WithTimeout(l.ctx, execTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = l.options.Dir
	cmd.Env = l.options.Environ
	cmd.WaitDelay = time.Second
	out := &boundedBuffer{limit: maxIncluded}
	cmd.Stdout = out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && l.ctx.Err() == nil:
		return "", fmt.Errorf("it took longer than %v", execTimeout)
	case out.over:
		return "", fmt.Errorf("it wrote more than %d MiB", maxIncluded>>20)
	case errors.As(err, &exit):
		return "", fmt.Errorf("it ended with exit status %d", exit.ExitCode())
	case err != nil:
		return "", fmt.Errorf("run: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(out.text.String(), "\n"), "\r"), nil
}

// A boundedBuffer refuses to grow past its limit. It does not embed its
// buffer, whose ReadFrom would go round the limit.
type boundedBuffer struct {
	text  bytes.Buffer
	limit int
	over  bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > b.limit {
		b.over = true
		return 0, errors.New("too much output")
	}
	return b.text.Write(p)
}
