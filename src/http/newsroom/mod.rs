//! The rooms of moderators and owners, and the way in. A room has its calls (`api`) and its pages (`page`) side by side.

pub(crate) mod audit;
pub(crate) mod bar;
pub(crate) mod defence;
mod first_run;
mod form;
pub(crate) mod home;
pub(crate) mod insider;
mod landing;
mod outside;
pub(crate) mod people;
pub(crate) mod queue;
pub(crate) mod retype;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod sites;
pub(crate) mod thresholds;
