// The page of a bulk keeps itself true while the bulk goes on: it asks for itself and takes over what it says.

const AGAIN_MS = 1000;
const PATIENCE_MS = 10 * 1000;

function later() {
  const state = document.querySelector("#state[data-open]");
  if (state) setTimeout(ask, AGAIN_MS, state);
}

/** @param {Element} state */
function ask(state) {
  const asking = new XMLHttpRequest();
  asking.open("GET", location.href);
  asking.responseType = "document";
  asking.timeout = PATIENCE_MS;
  asking.onloadend = () => {
    const fresh = asking.status === 200 && asking.responseXML && asking.responseXML.querySelector("#state");
    // Signed out, or the line is down: what is there stays, with its link.
    if (fresh) take(state, fresh);
    later();
  };
  asking.send();
}

/**
 * Only what changed is taken over, so that the hand on « Annuler » stays where it is and little is read out.
 * @param {Element} state
 * @param {Element} fresh
 */
function take(state, fresh) {
  const bar = state.querySelector("progress");
  const ahead = fresh.querySelector("progress");
  const said = state.querySelector(".lead");
  const says = fresh.querySelector(".lead");
  if (bar && ahead && said && says) {
    bar.value = ahead.value;
    said.textContent = says.textContent;
  } else {
    state.replaceWith(document.importNode(fresh, true));
  }
}

later();
