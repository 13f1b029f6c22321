package mirror

import "time"

// An alarm is when an agent is to be looked at again.
type alarm struct {
	at    time.Time
	ms    int64 // as the state asked for it: what it is recognised by
	agent *agent
}

// alarms are a heap, the soonest first. One that the agent has replaced stays
// until its time comes.
type alarms []alarm

func (h *alarms) push(x alarm) {
	*h = append(*h, x)
	list := *h
	for i := len(list) - 1; i > 0; {
		up := (i - 1) / 2
		if !list[i].at.Before(list[up].at) {
			return
		}
		list[i], list[up] = list[up], list[i]
		i = up
	}
}

func (h *alarms) pop() alarm {
	list := *h
	top, last := list[0], len(list)-1
	list[0], list[last] = list[last], alarm{}
	list = list[:last]
	*h = list
	for i := 0; ; {
		least := 2*i + 1
		if least >= last {
			return top
		}
		if right := least + 1; right < last && list[right].at.Before(list[least].at) {
			least = right
		}
		if !list[least].at.Before(list[i].at) {
			return top
		}
		list[i], list[least] = list[least], list[i]
		i = least
	}
}

// prune drops alarms from the front that their agents have replaced.
func (h *alarms) prune() {
	for len(*h) > 0 && (*h)[0].agent.wake != (*h)[0].ms {
		h.pop()
	}
}
