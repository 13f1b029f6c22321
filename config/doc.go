// Package config reads a directory of HCL files and says what they want: the
// objects, in file order, with their values, their references and the line
// that asks for each; the settings of Lockstep, of its providers and of run.
//
// It is not for talking to a vendor. The kinds and the provider blocks it
// understands are handed in as values, it makes no call beyond the secrets a
// configuration names, and it knows nothing of plans.
//
// # How a configuration is read
//
// Files are cut at the ends of their top-level blocks by a cheap scanner and
// the pieces are parsed side by side, so that memory follows the objects and
// not their syntax trees. Variables and locals are evaluated first; then every
// block is decoded as soon as it is parsed. Only an argument that needs a
// value of another block is kept as an expression, and evaluated later in the
// order of the references. Every step is linear in the number of blocks.
package config
