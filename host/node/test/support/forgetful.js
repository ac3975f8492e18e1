// A program that does not close its client.
import { connect } from 'flipcache';

const client = await connect({ url: process.argv[2] });
const users = client.cache('user');
users.set('1', 'Ada');
console.log(users.get('1'));
