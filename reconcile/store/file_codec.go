package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// seal puts a checksum of key and value before the value: bbolt has none on
// its pages, and a disk that lies must not change what an agent is set to.
func seal(key, value []byte) []byte {
	sealed := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(value)), checksum(key, value))
	return append(sealed, value...)
}

// unseal returns what was sealed. It shares sealed's memory.
func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 || binary.BigEndian.Uint32(sealed) != checksum(key, sealed[4:]) {
		return nil, fmt.Errorf("%w: the value under %q is not what was written", ErrCorrupt, key)
	}
	return sealed[4:], nil
}

func checksum(key, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, table), table, value)
}

func encodeItem(item Item) []byte {
	value := binary.BigEndian.AppendUint64(nil, uint64(item.Version))
	return seal([]byte(item.Key), append(value, item.Value...))
}

// decodeItem copies, for bbolt's memory ends with the transaction.
func decodeItem(key, sealed []byte) (Item, error) {
	value, err := unseal(key, sealed)
	if err != nil {
		return Item{}, err
	}
	if len(value) < 8 {
		return Item{}, fmt.Errorf("%w: the value under %q is too short", ErrCorrupt, key)
	}
	return Item{
		Key:     string(key),
		Value:   append([]byte{}, value[8:]...),
		Version: int64(binary.BigEndian.Uint64(value)),
	}, nil
}

// encodeEntry writes time, length of the agent, agent, data.
func encodeEntry(e *Entry) []byte {
	value := binary.BigEndian.AppendUint64(nil, uint64(e.At.UnixMicro()))
	value = binary.BigEndian.AppendUint16(value, uint16(len(e.Agent)))
	value = append(value, e.Agent...)
	return seal(seqKey(e.Seq), append(value, e.Data...))
}

func decodeEntry(key, sealed []byte) (Entry, error) {
	value, err := unseal(key, sealed)
	if err != nil {
		return Entry{}, err
	}
	if len(key) != 8 || len(value) < 10 {
		return Entry{}, fmt.Errorf("%w: a journal entry is too short", ErrCorrupt)
	}
	agentEnd := 10 + int(binary.BigEndian.Uint16(value[8:]))
	if len(value) < agentEnd {
		return Entry{}, fmt.Errorf("%w: a journal entry is too short", ErrCorrupt)
	}
	return Entry{
		Seq:   seqOf(key),
		At:    time.UnixMicro(int64(binary.BigEndian.Uint64(value))).UTC(),
		Agent: string(value[10:agentEnd]),
		Data:  append([]byte{}, value[agentEnd:]...),
	}, nil
}

func seqKey(seq int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }
func seqOf(key []byte) int64  { return int64(binary.BigEndian.Uint64(key)) }
func maxSeqKey() []byte       { return seqKey(math.MaxInt64) }

// minuteKey orders minutes; entries are not older than 1970.
func minuteKey(micro int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(micro, 0)/int64(time.Minute/time.Microsecond)))
}
