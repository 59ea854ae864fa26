//! The reminder job, one run of it: what the `due` index names, and nothing else.

use super::World;
use domain::{
    application::Change,
    date::CalendarDate,
    notification::Notification,
    reminder::{application_due, first_window_due, registration_due},
};

impl World {
    /// Does the first thing that is due today, if anything is. The record that was due must have moved on to a later
    /// day or to none, or every further run would read it again for nothing.
    pub fn do_next_due(&mut self) -> Option<Change> {
        let today = self.now.day();
        let is_due = |next_due: Option<CalendarDate>| next_due.is_some_and(|day| day <= today);
        let dossier = &self.dossier;
        let registration = dossier.registrations.iter().find(|held| is_due(held.next_due));
        let application = dossier.applications.iter().find(|held| is_due(held.next_due));
        let (change, next_due) = if is_due(dossier.profile.next_due) {
            let change = first_window_due(dossier, self.now, self.rules).expect("something due");
            let next = change.profile.as_ref().unwrap().next_due;
            (change, next)
        } else if let Some(registration) = registration {
            let change =
                registration_due(dossier, registration, self.now, self.rules).expect("something due");
            let next = change.registration.as_ref().unwrap().next_due;
            (change, next)
        } else {
            let change = application_due(dossier, application?, self.now, self.rules).expect("something due");
            let next = change.application.as_ref().unwrap().next_due;
            (change, next)
        };
        assert!(!is_due(next_due), "it stays due: {next_due:?} on {today}");
        Some(self.commit(Ok(change)).unwrap())
    }

    /// Runs the job as of now and tells what it planned.
    pub fn run_job(&mut self) -> Vec<Notification> {
        let planned = self.outbox.len();
        while self.do_next_due().is_some() {}
        self.outbox[planned..].to_vec()
    }
}
