"""What the files of a catalogue may say: components and profiles."""
