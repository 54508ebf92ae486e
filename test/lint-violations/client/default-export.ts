// import-x/no-default-export: one name for one thing, everywhere
export default 1;
