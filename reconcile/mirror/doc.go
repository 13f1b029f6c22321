// Package mirror keeps the agents of one tenant in step all day: the shell
// around [presence.Step]. It feeds the pure core with what both vendors show,
// keeps what the core remembers in the store before anything is sent, and
// carries out what the core decides, within the budgets.
//
// It has two halves. An [Engine] is a machine without clock, goroutine or I/O:
// events go in, requests come out. A driver carries the requests out: [Run] for
// real, and the simulation of this package's tests under virtual time. They
// share everything but the driver.
//
// It is not for deciding what an agent should show, which is package presence,
// nor for speaking to a vendor: the sides are interfaces, which the providers
// implement without knowing of them.
package mirror
