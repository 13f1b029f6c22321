({
    // One command is one JSON text, pushed to one user:
    //
    //   { "v": 1, "id": "…", "user": "005…", "epoch": 7, "expires": 1790000000000,
    //     "expect": "0N5…", "set": "0N5…" | "offline" }
    //
    // epoch rises with every change of the sender: an older one is somebody
    // who no longer may write. expect is the status the sender saw when it
    // decided. Without that check the toolkit would log a user in again who
    // has just logged out, and undo what a person has just chosen. expires is in
    // Salesforce's time, as the sender knows it: see serverNow.
    VERSION: 1,
    OFFLINE: "offline",
    REFUSED: "refused: ", // by Omni-Channel

    EPOCH_KEY: "lockstep.presence.epoch",
    CLAIM_KEY: "lockstep.presence.claim.",
    CLAIM_WAIT_MS: 150,     // long enough for a claim to reach every tab
    CLAIM_KEEP_MS: 600000,  // claims older than this are swept

    // The highest epoch that this tab has seen, for a browser that keeps
    // nothing: its storage is full or switched off.
    seenEpoch: 0,

    // How far Salesforce's clock is ahead of this machine's, by the last messages.
    ahead: [],
    AHEAD_KEPT: 5,

    // A connection that is lost is made again after pauses that double, until
    // one has lasted for longer than the longest of them.
    RETRY_FIRST_MS: 5000,
    RETRY_MOST_MS: 300000,

    start: function (component) {
        var self = this;
        component.set("v.tab", String(Math.random()).slice(2));
        component.find("empApi").onError($A.getCallback(function (error) {
            self.lost(component, error);
        }));
        this.connect(component);
    },

    stop: function (component) {
        var subscription = component.get("v.subscription");
        if (subscription) {
            component.find("empApi").unsubscribe(subscription, function () {});
        }
    },

    connect: function (component) {
        var self = this;
        component.find("empApi").subscribe(component.get("v.channel"), -1, $A.getCallback(function (message) {
            self.receive(component, message);
        })).then($A.getCallback(function (subscription) {
            if (!component.isValid()) {
                return;
            }
            component.set("v.subscription", subscription);
            component.set("v.subscribed", Date.now());
            self.show(component, "Connected", "Presence follows CXone while this tab is open.");
        })).catch($A.getCallback(function (error) {
            self.lost(component, error);
        }));
    },

    // lost connects anew after a while. Errors come in bursts, and one of them
    // may be about somebody else's channel: until then an old subscription goes
    // on, if it still can.
    lost: function (component, error) {
        var self = this;
        if (!component.isValid()) {
            return;
        }
        this.show(component, "Not connected", this.text(error));
        if (component.get("v.retrying")) {
            return;
        }
        var lasted = component.get("v.subscription") && Date.now() - component.get("v.subscribed") > this.RETRY_MOST_MS;
        var failures = lasted ? 0 : component.get("v.failures");
        component.set("v.failures", failures + 1);
        component.set("v.retrying", true);
        window.setTimeout($A.getCallback(function () {
            if (!component.isValid()) {
                return;
            }
            component.set("v.retrying", false);
            self.stop(component);
            component.set("v.subscription", null);
            self.connect(component);
        }), this.retryWait(failures));
    },

    // retryWait spreads the consoles of a centre that lost theirs all at once.
    retryWait: function (failures) {
        return Math.min(this.RETRY_FIRST_MS * Math.pow(2, failures) * (1 + Math.random()), this.RETRY_MOST_MS);
    },

    // receive takes one message of the channel, and shows what became of it:
    // whoever is asked why a status does not follow can read it there. It returns
    // a promise of that, for tests.
    receive: function (component, message) {
        var self = this;
        return this.follow(component, message).then($A.getCallback(function (outcome) {
            self.showOutcome(component, outcome);
            return outcome;
        }));
    },

    follow: function (component, message) {
        var self = this;
        var command = this.parse(message);
        this.learn(message);
        var refusal = this.refuse(command, {
            user: $A.get("$SObjectType.CurrentUser.Id"),
            now: this.serverNow(),
            epoch: this.storedEpoch()
        });
        if (refusal) {
            return Promise.resolve(refusal);
        }
        this.storeEpoch(command.epoch);
        return this.claim(component, command).then($A.getCallback(function (mine) {
            return mine ? self.carryOut(component, command) : "taken by another tab";
        }));
    },

    // learn compares the clocks by the time at which Salesforce took a message
    // in. That it is the clock of REST answers' Date, which the sender goes by,
    // is UNCERTAIN.
    learn: function (message) {
        var event = message && message.data && message.data.event;
        var created = Date.parse(event && event.createdDate);
        if (Number.isFinite(created)) {
            this.ahead = this.ahead.concat(created - Date.now()).slice(-this.AHEAD_KEPT);
        }
    },

    // serverNow is the time in Salesforce. A machine's clock may be off by more
    // than a command lasts. A message can only be late: of the last ones the most
    // timely tells best how the clocks differ. Before the first, and where none
    // says when it was made, this machine's clock has to do.
    serverNow: function () {
        return Date.now() + (this.ahead.length > 0 ? Math.max.apply(null, this.ahead) : 0);
    },

    // parse returns the command inside a message, null when there is none.
    parse: function (message) {
        var payload = message && message.data && message.data.payload;
        if (typeof payload !== "string") {
            return null;
        }
        try {
            return JSON.parse(payload);
        } catch (notJSON) {
            return null;
        }
    },

    // refuse says why a command is not for this tab to carry out, "" when it
    // is. It looks at nothing but its arguments.
    refuse: function (command, here) {
        if (!this.wellFormed(command)) {
            return "not a command of this version";
        }
        if (!this.sameId(command.user, here.user)) {
            return "for somebody else";
        }
        if (!(command.expires > here.now)) {
            return "expired";
        }
        if (!(command.epoch >= here.epoch)) {
            return "from a sender who no longer leads";
        }
        return "";
    },

    // wellFormed reports whether a text that was JSON is a command.
    wellFormed: function (command) {
        var words = function (name) { return typeof command[name] === "string" && command[name] !== ""; };
        return !!command && command.v === this.VERSION &&
            ["id", "user", "expect", "set"].every(words) &&
            Number.isSafeInteger(command.epoch) && Number.isFinite(command.expires);
    },

    // carryOut sets the status when the one that shows is the expected one.
    // Time has gone by since the command came: whether it still holds is asked
    // again.
    carryOut: function (component, command) {
        var self = this;
        if (!component.isValid()) {
            return "this tab is closing";
        }
        var omni = component.find("omniToolkit");
        return this.current(omni).then($A.getCallback(function (showing) {
            if (showing === self.OFFLINE) {
                return "logged out"; // nobody is logged in who did not do it
            }
            if (!self.sameStatus(showing, command.expect)) {
                return "another status shows than the one expected";
            }
            if (self.sameStatus(showing, command.set)) {
                return "shows already";
            }
            if (!(command.expires > self.serverNow())) {
                return "expired";
            }
            if (command.epoch < self.storedEpoch()) {
                return "from a sender who no longer leads";
            }
            var set = command.set === self.OFFLINE ?
                omni.logout() :
                omni.setServicePresenceStatus({ statusId: command.set });
            return set.then(function () { return "done"; });
        })).catch($A.getCallback(function (error) {
            return self.REFUSED + self.text(error);
        }));
    },

    // current returns a promise of the status that shows. The toolkit rejects
    // when the agent is not logged in to Omni-Channel, which is being offline.
    current: function (omni) {
        var self = this;
        return omni.getServicePresenceStatusId().then($A.getCallback(function (result) {
            return (result && result.statusId) || self.OFFLINE;
        }), $A.getCallback(function () {
            return self.OFFLINE;
        }));
    },

    // claim lets one of several tabs act: each writes its name under the
    // command, waits until the others have, and the last name written acts.
    // Where nothing can be written every tab acts, and does no harm: the
    // second finds that the status shows already.
    claim: function (component, command) {
        var tab = component.get("v.tab");
        var key = this.CLAIM_KEY + command.id;
        var storage = this.storage();
        try {
            if (storage.getItem(key)) {
                return Promise.resolve(false);
            }
            this.sweep(storage);
            storage.setItem(key, tab + " " + Date.now());
        } catch (fullOrOff) {
            return Promise.resolve(true);
        }
        var wait = this.CLAIM_WAIT_MS;
        return new Promise($A.getCallback(function (resolve) {
            window.setTimeout($A.getCallback(function () {
                var claim = storage.getItem(key) || "";
                resolve(claim.split(" ")[0] === tab);
            }), wait);
        }));
    },

    // sweep removes claims that nobody can be waiting for any more.
    sweep: function (storage) {
        var oldest = Date.now() - this.CLAIM_KEEP_MS;
        for (var i = storage.length - 1; i >= 0; i--) {
            var key = storage.key(i);
            if (key && key.indexOf(this.CLAIM_KEY) === 0) {
                var at = Number((storage.getItem(key) || "").split(" ")[1]);
                if (!(at > oldest)) {
                    storage.removeItem(key);
                }
            }
        }
    },

    // storage is what the browser's tabs share, null when it is switched off.
    storage: function () {
        try {
            return window.localStorage;
        } catch (off) {
            return null;
        }
    },

    // The highest epoch seen is shared by all tabs, so that a tab opened later
    // refuses what the others would.
    storedEpoch: function () {
        var storage = this.storage();
        var shared = storage ? Number(storage.getItem(this.EPOCH_KEY)) || 0 : 0;
        return Math.max(shared, this.seenEpoch);
    },

    storeEpoch: function (epoch) {
        if (!(epoch > this.storedEpoch())) {
            return;
        }
        this.seenEpoch = epoch;
        try {
            this.storage().setItem(this.EPOCH_KEY, String(epoch));
        } catch (fullOrOff) {
            // This tab remembers by itself.
        }
    },

    // Ids have 15 or 18 characters, mixed even within one answer.
    sameId: function (a, b) {
        return typeof a === "string" && typeof b === "string" && a.slice(0, 15) === b.slice(0, 15);
    },

    sameStatus: function (a, b) {
        return a === b || this.sameId(a, b);
    },

    showOutcome: function (component, outcome) {
        if (!component.isValid()) {
            return;
        }
        var state = component.get("v.state");
        if (outcome === "done") {
            state = "Connected";
        } else if (outcome.indexOf(this.REFUSED) === 0) {
            state = "Refused by Omni-Channel";
        }
        this.show(component, state, "Last command, " + new Date().toLocaleTimeString() + ": " + outcome);
    },

    show: function (component, state, detail) {
        if (component.isValid()) {
            component.set("v.state", state);
            component.set("v.detail", detail);
        }
    },

    text: function (error) {
        if (error && error.message) {
            return String(error.message);
        }
        try {
            return JSON.stringify(error);
        } catch (cyclic) {
            return String(error);
        }
    }
})
