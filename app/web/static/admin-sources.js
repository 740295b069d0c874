// The form of a new site: its times are meant in the reader's own zone, unless another one is chosen.

const zone = document.querySelector("form[data-new] #time_zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (zone && [...zone.options].some((option) => option.value === here)) zone.value = here;
