//! What happens next: the only owner of session state.
