// The gallery without reloading: what is chosen, dropped or pasted goes up with its progress, and whatever changes on
// the server takes its new look here. Everything that is shown comes from the server's own pages; without this script
// the forms do the same.
"use strict";

const find = (id, page = document) => page.getElementById(id);
const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const gallery = find("gallery");

/* --- what changes on the server --- */

// Puts what the fresh page shows in the place of what this one does, and only where it differs.
function show(fresh) {
  for (const part of [".balance", "#notes"]) {
    const [standing, newer] = [document, fresh].map((page) => page.querySelector(part));
    if (standing && newer && standing.outerHTML !== newer.outerHTML) standing.replaceWith(newer);
  }
  const [upload, newUpload] = [document, fresh].map((page) => find("upload", page));
  if (upload && newUpload && upload.dataset.state !== newUpload.dataset.state) {
    upload.replaceWith(newUpload);
    unfold();
  }

  const newer = find("gallery", fresh);
  const ids = new Set();
  [...newer.children].forEach((card, place) => {
    ids.add(card.id);
    const standing = find(card.id);
    const node = standing ? renewed(standing, card) : card;
    if (gallery.children[place] !== node) gallery.insertBefore(node, gallery.children[place] || null);
  });
  for (const card of [...gallery.children]) if (!ids.has(card.id)) card.remove();
  if (find("none")) find("none").hidden = ids.size > 0;
  if (newer.dataset.live) gallery.dataset.live = newer.dataset.live;
  else delete gallery.dataset.live;
}

// The card that stands, if it still tells the truth; else the new one, in its place and with its focus.
function renewed(standing, card) {
  if (standing.dataset.state === card.dataset.state) {
    const [time, newTime] = [standing, card].map((one) => one.querySelector("time"));
    if (time && newTime) time.textContent = newTime.textContent;
    return standing;
  }
  const hadFocus = standing.contains(document.activeElement);
  standing.replaceWith(card);
  if (hadFocus) (card.querySelector("a, button, summary") || find("main")).focus();
  announce(card.dataset.news);
  return card;
}

function announce(news) {
  const balance = document.querySelector(".balance");
  find("news").textContent = `${news} ${balance ? balance.getAttribute("aria-label") : ""}`;
}

let pause = 1000;
let tag = "";
let timer = 0;

// Asks only while something is under way and somebody can see it.
function watch() {
  clearTimeout(timer);
  if (gallery.dataset.live && !document.hidden) timer = setTimeout(look, pause);
}

async function look() {
  try {
    const headers = { accept: "application/json" };
    if (tag) headers["if-none-match"] = tag;
    const answer = await fetch(gallery.dataset.live, { headers, cache: "no-store" });
    if (answer.status === 401 || answer.status === 404) return location.reload();
    if (answer.status === 200) {
      await refresh();
      tag = answer.headers.get("etag") || "";
      pause = 1000;
    } else {
      // Often at first, rarely later: 304 says that nothing has changed.
      pause = Math.min(pause * 1.2, 10000);
    }
  } catch {
    pause = Math.min(pause * 2, 10000); // Offline or restarting: the next look will tell.
  }
  watch();
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
  const fresh = parse(await answer.text());
  if (answer.ok && find("gallery", fresh)) show(fresh);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  pause = 1000;
  // What was relative when somebody looked away is not any more.
  refresh().catch(() => {}).then(watch);
});

/* --- the next picture --- */

const fields = () => [find("image"), find("camera")];
const chosen = () => fields().find((field) => field && field.files.length > 0);

function unfold() {
  for (const hint of document.querySelectorAll(".scripted")) hint.hidden = false;
}

function complain(text) {
  const note = document.createElement("p");
  note.className = "note fault";
  note.textContent = text;
  find("fault").replaceChildren(note);
}

// Takes one picture that came from elsewhere, as if it had been chosen.
function take(files) {
  const field = find("image");
  const file = [...files].find((one) => one.type.startsWith("image/")) || files[0];
  if (!field || !file || field.matches(":disabled")) return;
  const one = new DataTransfer();
  one.items.add(file);
  field.files = one.files;
  picked(field);
  document.querySelector(".send button").focus();
}

function picked(field) {
  for (const other of fields()) if (other !== field) other.value = "";
  find("fault").replaceChildren();
  find("sending").textContent = "";
  preview(field.files[0]);
}

// A canvas, because the policy lets no picture in but our own. What the browser cannot read is just not shown.
async function preview(file) {
  const canvas = find("preview");
  canvas.hidden = true;
  if (!file) return;
  try {
    const picture = await createImageBitmap(file);
    const side = Math.min(picture.width, picture.height);
    const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
    picture.close();
    canvas.hidden = false;
  } catch {
    canvas.hidden = true;
  }
}

function send(form) {
  const field = chosen();
  if (!field) return complain(form.dataset.none);
  if (field.files[0].size > Number(form.dataset.limit)) return complain(form.dataset.large);
  const request = new XMLHttpRequest();
  const body = new FormData(form);
  const [bar, line, button] = [find("sent"), find("sending"), form.querySelector("button")];
  function settle() {
    button.disabled = false;
    bar.hidden = true;
    line.textContent = "";
  }
  request.upload.addEventListener("progress", (event) => {
    bar.value = (100 * event.loaded) / event.total;
    line.textContent = event.loaded < event.total ? `Sending: ${Math.floor(bar.value)}%` : "Sent. One moment…";
  });
  request.addEventListener("load", () => {
    settle();
    arrived(request, form);
  });
  request.addEventListener("error", () => {
    settle();
    complain("The picture did not arrive. Look at your connection and try again: no credit is taken twice.");
  });
  request.open("POST", form.action);
  request.setRequestHeader("accept", "text/html");
  find("fault").replaceChildren();
  bar.value = 0;
  bar.hidden = false;
  button.disabled = true;
  line.textContent = "Sending…";
  request.send(body);
}

// The page that the form led to: the gallery with the new one, or with what went wrong.
function arrived(request, form) {
  const fresh = parse(request.responseText);
  if (!find("gallery", fresh)) {
    const heading = fresh.querySelector("h1");
    return complain(heading ? heading.textContent : "Something went wrong. Try again.");
  }
  if (location.search) return location.assign("/");
  const fault = find("fault", fresh);
  const key = fresh.querySelector("#upload [name=idempotency_key]");
  const succeeded = fault.children.length === 0;
  if (succeeded) {
    form.reset();
    preview();
  }
  form.elements.idempotency_key.value = key.value;
  show(fresh);
  find("fault").replaceChildren(...fault.children);
  if (succeeded) announce("Uploaded.");
  pause = 1000;
  watch();
}

document.addEventListener("change", (event) => {
  if (fields().includes(event.target)) picked(event.target);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".drop")) return;
  event.preventDefault();
  send(event.target);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData && event.clipboardData.files.length) take(event.clipboardData.files);
});
document.addEventListener("dragover", (event) => {
  const zone = document.querySelector(".drop");
  if (!zone || ![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  zone.classList.add("over");
});
for (const over of ["dragleave", "drop"]) {
  document.addEventListener(over, (event) => {
    const zone = document.querySelector(".drop");
    if (!zone || (over === "dragleave" && event.relatedTarget)) return;
    zone.classList.remove("over");
    if (over === "dragleave" || !event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

unfold();
watch();
