// Runs before the first paint, so that a chosen theme doesn't flash.
"use strict";
const themeChosen = localStorage.getItem("theme");
if (themeChosen === "light" || themeChosen === "dark") document.documentElement.dataset.theme = themeChosen;
