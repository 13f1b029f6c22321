package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// arguments checks how many arguments a command is given, one at most.
func arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		_, names, _ := strings.Cut(c.Use, " ")
		switch {
		case len(args) < least:
			return fmt.Errorf("%s: name the %s; %s", c.Name(), names, help(c))
		case len(args) <= most:
			return nil
		case most == 0:
			return fmt.Errorf("%s: takes no argument, and %q is one; %s", c.Name(), args[0], help(c))
		}
		return fmt.Errorf("%s: takes one argument, and %q is one more; %s", c.Name(), args[most], help(c))
	}
}

// wrongFlag says what is wrong with a flag as it is spelt in the help.
func wrongFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("unknown flag -%s; %s", unknown.GetSpecifiedName(), help(c))
	case errors.As(err, &bare):
		return fmt.Errorf("-%s: needs a value; %s", bare.GetFlag().Name, help(c))
	case errors.As(err, &value):
		return fmt.Errorf("-%s=%s: %s; %s", value.GetFlag().Name, value.GetValue(), mustBe(value), help(c))
	}
	return err
}

func mustBe(wrong *pflag.InvalidValueError) string {
	switch wrong.GetFlag().Value.Type() {
	case "int":
		return "must be a whole number"
	case "float64":
		return "must be a number"
	case "bool":
		return "must be true or false"
	case "duration":
		return "must be a duration such as 90s, 30m or 24h"
	}
	return errors.Unwrap(wrong).Error()
}

func help(c *cobra.Command) string { return c.CommandPath() + " -help shows what it takes" }
