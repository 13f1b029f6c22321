package tenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// Load reads a tenant from a seed file, .hcl or .json, and checks it.
func Load(path string) (*Tenant, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read seed: %w", err)
	}
	var t Tenant
	switch extension := filepath.Ext(path); extension {
	case ".hcl":
		err = decodeHCL(data, path, &t)
	case ".json":
		err = decodeJSON(data, &t)
	default:
		return nil, fmt.Errorf("read seed %s: extension %q, want .hcl or .json", path, extension)
	}
	if err != nil {
		return nil, fmt.Errorf("read seed %s: %w", path, err)
	}
	if err := t.Validate(); err != nil {
		return nil, fmt.Errorf("seed %s: %w", path, err)
	}
	return &t, nil
}

// decodeHCL reads all diagnostics into one error, each with file and line.
func decodeHCL(data []byte, path string, t *Tenant) error {
	file, diags := hclparse.NewParser().ParseHCL(data, path)
	if !diags.HasErrors() {
		diags = gohcl.DecodeBody(file.Body, nil, t)
	}
	var errs []error
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			errs = append(errs, d)
		}
	}
	return errors.Join(errs...)
}

func decodeJSON(data []byte, t *Tenant) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(t); err != nil {
		return fmt.Errorf("at byte %d: %w", decoder.InputOffset(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("at byte %d: more than one value", decoder.InputOffset())
	}
	return nil
}
