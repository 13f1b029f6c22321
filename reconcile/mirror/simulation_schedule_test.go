package mirror_test

import "time"

// A schedule is what is going to happen, the soonest first; of two things at one
// time, the one that was planned first.
type schedule struct {
	list []happening
	seq  uint64
}

type happening struct {
	at  time.Duration
	seq uint64
	do  func()
}

func (h *happening) before(other *happening) bool {
	return h.at < other.at || h.at == other.at && h.seq < other.seq
}

func (s *schedule) push(at time.Duration, do func()) {
	s.seq++
	s.list = append(s.list, happening{at, s.seq, do})
	for i := len(s.list) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.list[i].before(&s.list[up]) {
			return
		}
		s.list[i], s.list[up] = s.list[up], s.list[i]
		i = up
	}
}

// pop returns the next thing up to a time, and false when there is none.
func (s *schedule) pop(end time.Duration) (at time.Duration, do func(), ok bool) {
	if len(s.list) == 0 || s.list[0].at > end {
		return 0, nil, false
	}
	top, last := s.list[0], len(s.list)-1
	s.list[0], s.list[last] = s.list[last], happening{}
	s.list = s.list[:last]
	for i := 0; ; {
		least := 2*i + 1
		if least >= last {
			return top.at, top.do, true
		}
		if right := least + 1; right < last && s.list[right].before(&s.list[least]) {
			least = right
		}
		if !s.list[least].before(&s.list[i]) {
			return top.at, top.do, true
		}
		s.list[i], s.list[least] = s.list[least], s.list[i]
		i = least
	}
}
