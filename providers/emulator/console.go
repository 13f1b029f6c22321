package emulator

import "github.com/lockstep-sync/lockstep/providers/emulator/salesforce"

// toConsole is the method that a fault on the way to a console is met by.
const toConsole = "CONSOLE"

// ofConsole reports whether a kind is about commands on their way to a console.
func ofConsole(k Kind) bool {
	switch k { //nolint:exhaustive // the others are about calls and streams
	case ConsoleLoss, ConsoleDuplicate, ConsoleDelay, ConsoleReorder:
		return true
	}
	return false
}

// onMessage says what goes wrong with a command on its way to a console.
func (e *Emulator) onMessage(channel, payload string) salesforce.Mishap {
	fault := e.script.takeOf(ofConsole, Salesforce, toConsole, channel, payload)
	if fault == nil {
		return salesforce.Mishap{}
	}
	return salesforce.Mishap{
		Lose: fault.Kind == ConsoleLoss, Duplicate: fault.Kind == ConsoleDuplicate, Reorder: fault.Kind == ConsoleReorder,
		Delay: fault.Delay,
	}
}
