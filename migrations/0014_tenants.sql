-- The address of a site's check that an owner of every site gave, after the provider it was given for and a space.
-- NULL: nobody did.
ALTER TABLE sites ADD COLUMN vouched_address TEXT;
